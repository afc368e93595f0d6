import { QUESTION, STAR, UNKNOWN } from './shell-words.ts';

/** Whether an expanded word means this path: yes, perhaps (part of it is not known), or no. */
export function meansPath(text: string, path: string, folder: string | null): 'yes' | 'perhaps' | 'no' {
  const whole = absolutePath(text, folder);
  if (whole === path) return 'yes';
  if (whole === null || whole.includes(UNKNOWN)) {
    const last = text.slice(text.lastIndexOf('/') + 1);
    return last === path.slice(path.lastIndexOf('/') + 1) ? 'perhaps' : 'no';
  }
  return isPattern(whole) && matchesGlob(whole, path) ? 'yes' : 'no';
}

/** Without `.`, `..` and double slashes; null when it is relative to a folder that is not known. */
export function absolutePath(text: string, folder: string | null): string | null {
  if (!text.startsWith('/') && folder === null) return null;
  const parts: string[] = [];
  for (const part of (text.startsWith('/') ? text : `${folder ?? ''}/${text}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

export function isPattern(text: string): boolean {
  return text.includes(STAR) || text.includes(QUESTION);
}

function matchesGlob(pattern: string, path: string): boolean {
  const [mine, theirs] = [pattern.split('/'), path.split('/')];
  return mine.length === theirs.length && mine.every((part, index) => matchesName(part, theirs[index] ?? ''));
}

/** Goes back to the last `*` only, so that no pattern is slow. */
function matchesName(pattern: string, name: string): boolean {
  if (isPattern(pattern.slice(0, 1)) && name.startsWith('.')) return false;
  let at = 0;
  let star = -1;
  let tried = 0;
  for (let index = 0; index < name.length;) {
    const mark = pattern[at];
    if (mark === STAR) {
      star = at++;
      tried = index;
    } else if (mark !== undefined && (mark === QUESTION || mark === name[index])) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++tried;
    } else return false;
  }
  while (pattern[at] === STAR) at++;
  return at === pattern.length;
}
