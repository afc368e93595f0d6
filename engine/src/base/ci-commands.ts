/**
 * Systems for CI read commands from what a job prints: GitHub at the start of a line (`::error`, `::stop-commands::`) and,
 * like Azure and TeamCity, anywhere in it (`##[`, `##vso[`, `##teamcity[`). Text of an agent may hold them. This spells one
 * character of each as an escape, which in JSON means the same character.
 */
export function neutraliseCiCommands(text: string): string {
  return (
    text
      // Backwards from each colon: forwards, every `\r` of many would begin a line and be looked at again.
      .replaceAll(/(?<=^[^\S\n]*):(?=:)/gm, String.raw`\u003a`)
      .replaceAll(/##(?=(?:vso|teamcity)?\[)/gi, String.raw`#\u0023`)
  );
}
