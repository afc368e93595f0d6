import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { z } from 'zod';

/**
 * Tools for models that cannot call any: tools are described in plain text, and calls are parsed from plain text. Strict on
 * purpose: anything not in the described form stays text, so a model that garbles its calls stalls instead of acting.
 *
 * A call is a fenced block with the tool's name after the fence, or, for the tools in `lineTools`, one line
 * `NAME: input`. The rest of an answer is text. A change here changes what a model is asked, so it raises the version, which
 * is recorded with each answer.
 */
export const TEXT_TOOL_PROTOCOL = 'text-1';

export interface TextToolOptions {
  /** Tools that are called with a line instead of a block. */
  readonly lineTools?: readonly string[];
}

/** The same model with tools in plain text. */
export function withTextTools(
  model: LanguageModelV4,
  { lineTools = ['submit'] }: TextToolOptions = {},
): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: async (options) => {
      const { tools = [], toolChoice, prompt, ...rest } = options;
      const { known, warnings } = readTools(tools, { lineTools, toolChoice });
      const result = await model.doGenerate({ ...rest, prompt: toPlainPrompt(prompt, known) });
      const content = readContent(result.content, { tools: known, firstCall: countCalls(prompt) + 1 });
      const called = content.some(({ type }) => type === 'tool-call');
      const { finishReason } = result;
      return {
        ...result,
        content,
        finishReason:
          called && finishReason.unified === 'stop' ? { ...finishReason, unified: 'tool-calls' } : finishReason,
        warnings: [...warnings, ...result.warnings],
      };
    },
    doStream: () => {
      throw new TypeError('a model is asked for whole answers only');
    },
  };
}

/** A tool as described in plain text: it has one input, which is text. */
export interface TextTool {
  readonly name: string;
  readonly description: string;
  readonly form: 'block' | 'line';
  /** The argument that takes the input: the last of the required ones. */
  readonly argument: string;
  /** Other required arguments; they get the text before the call. */
  readonly remarks: readonly string[];
}

const schemaOfTextTool = z.object({
  properties: z.record(z.string(), z.object({ type: z.literal('string') })),
  required: z.array(z.string()).min(1),
});

function readTools(
  tools: NonNullable<LanguageModelV4CallOptions['tools']>,
  {
    lineTools,
    toolChoice,
  }: Required<TextToolOptions> & { readonly toolChoice: LanguageModelV4CallOptions['toolChoice'] | undefined },
): { readonly known: readonly TextTool[]; readonly warnings: readonly SharedV4Warning[] } {
  const warnings: SharedV4Warning[] = [];
  if (toolChoice?.type === 'none') return { known: [], warnings };
  if (toolChoice !== undefined && toolChoice.type !== 'auto')
    warnings.push({ type: 'unsupported', feature: 'toolChoice', details: 'tools in plain text cannot be forced' });
  const known = tools.flatMap((tool): TextTool[] => {
    const read = tool.type === 'function' ? readTool(tool, lineTools) : null;
    if (read === null)
      warnings.push({ type: 'unsupported', feature: `tool ${tool.name}`, details: 'its input is more than one text' });
    return read === null ? [] : [read];
  });
  return { known, warnings };
}

function readTool(
  { name, description = '', inputSchema }: LanguageModelV4FunctionTool,
  lineTools: readonly string[],
): TextTool | null {
  const read = schemaOfTextTool.safeParse(inputSchema);
  const argument = read.data?.required.at(-1);
  if (argument === undefined) return null;
  const remarks = read.data?.required.slice(0, -1) ?? [];
  return { name, description, form: lineTools.includes(name) ? 'line' : 'block', argument, remarks };
}

/** The description that the model gets; part of the protocol's version. */
export function describeTools(tools: readonly TextTool[]): string {
  const ways = tools.map((tool) => {
    const way = tool.form === 'line' ? 'write one line' : 'write a block';
    return `${tool.name}: ${tool.description}\nTo use it, ${way}:\n${writeCall(tool, placeholder(tool))}`;
  });
  return [
    'You have tools. Using one means writing it exactly as shown here. Nothing else that you write has any effect.',
    ...ways,
    'Then stop writing. The next message tells you the result.',
  ].join('\n\n');
}

function placeholder({ argument }: TextTool): string {
  return `<${argument}>`;
}

function writeCall({ name, form }: Pick<TextTool, 'name' | 'form'>, input: string): string {
  if (form === 'line') return `${name.toUpperCase()}: ${input}`;
  // A fence that the input cannot close.
  const longest = Math.max(2, ...[...input.matchAll(/^ {0,3}(`{3,})/gm)].map(([, ticks = '']) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${name}\n${input}\n${fence}`;
}

/** Only system, user and assistant messages with text alone; adjacent messages of one role are merged. */
function toPlainPrompt(prompt: LanguageModelV4Prompt, tools: readonly TextTool[]): LanguageModelV4Prompt {
  const plain: { role: 'system' | 'user' | 'assistant'; text: string }[] = [];
  const say = (role: (typeof plain)[number]['role'], text: string): void => {
    const last = plain.at(-1);
    if (last?.role === role) last.text += `\n\n${text}`;
    else plain.push({ role, text });
  };
  for (const message of prompt) {
    if (message.role === 'system') say('system', message.content);
    else say(message.role === 'tool' ? 'user' : message.role, toPlainText(message, tools));
  }
  if (tools.length > 0) {
    const told = describeTools(tools);
    const [first] = plain;
    if (first?.role === 'system') first.text += `\n\n${told}`;
    else plain.unshift({ role: 'system', text: told });
  }
  return plain.map(({ role, text }) =>
    role === 'system' ? { role, content: text } : { role, content: [{ type: 'text', text }] },
  );
}

function toPlainText(message: Exclude<LanguageModelV4Message, { role: 'system' }>, tools: readonly TextTool[]): string {
  const pieces: string[] = [];
  for (const part of message.content) {
    if (part.type === 'text') pieces.push(part.text);
    else if (part.type === 'tool-call') pieces.push(toPlainCall(part, tools));
    else if (part.type === 'tool-result') pieces.push(toPlainResult(part.toolName, part.output));
    // As in chat templates, reasoning is not sent back.
    else if (part.type !== 'reasoning') throw new TypeError(`a plain prompt cannot hold a part of type ${part.type}`);
  }
  return pieces.reduce((text, piece) => text + (text === '' || text.endsWith('\n') ? '' : '\n') + piece, '');
}

function toPlainCall(
  { toolName, input }: { readonly toolName: string; readonly input: unknown },
  tools: readonly TextTool[],
): string {
  const tool = tools.find(({ name }) => name === toolName);
  const value =
    tool === undefined ? undefined : z.record(z.string(), z.unknown()).safeParse(input).data?.[tool.argument];
  return tool !== undefined && typeof value === 'string'
    ? writeCall(tool, value)
    : writeCall({ name: toolName, form: 'block' }, typeof input === 'string' ? input : JSON.stringify(input));
}

function toPlainResult(name: string, output: LanguageModelV4ToolResultOutput): string {
  const text = output.type === 'text' || output.type === 'error-text' ? output.value : JSON.stringify(output);
  return `Result of ${name}:\n${text.trim() === '' ? '(nothing)' : text}`;
}

function countCalls(prompt: LanguageModelV4Prompt): number {
  return prompt
    .flatMap((message) => (message.role === 'assistant' ? message.content : []))
    .filter(({ type }) => type === 'tool-call').length;
}

interface ReadOptions {
  readonly tools: readonly TextTool[];
  /** Number of the first call of this answer in the whole conversation. */
  readonly firstCall: number;
}

function readContent(
  content: readonly LanguageModelV4Content[],
  { tools, firstCall }: ReadOptions,
): LanguageModelV4Content[] {
  let number = firstCall;
  return content.flatMap((part): LanguageModelV4Content[] => {
    if (part.type !== 'text') return [part];
    let said = '';
    return readCalls(part.text, tools).map((piece): LanguageModelV4Content => {
      if (piece.kind === 'text') {
        said = piece.text;
        return { type: 'text', text: piece.text };
      }
      const { tool, input } = piece;
      const remarks = Object.fromEntries(tool.remarks.map((argument) => [argument, said.trim()]));
      said = '';
      return {
        type: 'tool-call',
        toolCallId: `text-${number++}`,
        toolName: tool.name,
        input: JSON.stringify({ ...remarks, [tool.argument]: input }),
      };
    });
  });
}

export type TextPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly tool: TextTool; readonly input: string };

/** Splits an answer into text and calls. An unclosed block, an empty one and a repeated placeholder are text. */
export function readCalls(answer: string, tools: readonly TextTool[]): TextPiece[] {
  const pieces: TextPiece[] = [];
  let text: string[] = [];
  let block: { readonly fence: string; readonly tool: TextTool | undefined; readonly lines: string[] } | undefined;
  const endText = (): void => {
    const said = text.join('\n');
    if (said.trim() !== '') pieces.push({ kind: 'text', text: said });
    text = [];
  };
  const call = (tool: TextTool, input: string): void => {
    endText();
    pieces.push({ kind: 'call', tool, input });
  };
  for (const line of answer.split(/\r?\n/)) {
    if (block === undefined) {
      const [, ticks, label] = /^ {0,3}(`{3,})[ \t]*([^`]*)$/.exec(line) ?? [];
      if (ticks !== undefined) {
        const name = label?.trim();
        block = { fence: ticks, tool: tools.find((one) => one.form === 'block' && one.name === name), lines: [line] };
        continue;
      }
      const tool = tools.find((one) => one.form === 'line' && line.startsWith(`${one.name.toUpperCase()}:`));
      const input = tool === undefined ? '' : line.slice(tool.name.length + 1).trim();
      if (tool === undefined || input === placeholder(tool)) text.push(line);
      else call(tool, input);
      continue;
    }
    block.lines.push(line);
    const [, ticks] = /^ {0,3}(`{3,})[ \t]*$/.exec(line) ?? [];
    if (ticks === undefined || ticks.length < block.fence.length) continue;
    const input = block.lines.slice(1, -1).join('\n');
    const { tool } = block;
    if (tool === undefined || input.trim() === '' || input.trim() === placeholder(tool)) text.push(...block.lines);
    else call(tool, input);
    block = undefined;
  }
  text.push(...(block?.lines ?? []));
  endText();
  return pieces;
}
