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
 * A call is a fenced block with the tool's name after the fence; the rest of an answer is text. A block can hold any input,
 * of any number of lines, because its fence is longer than every fence in it. A change here changes what a model is asked,
 * so it raises the version, which is recorded with each answer.
 */
export const TEXT_TOOL_PROTOCOL = 'text-2';

/** The same model with tools in plain text. */
export function withTextTools(model: LanguageModelV4): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: async (options) => {
      const { tools = [], toolChoice, prompt, ...rest } = options;
      const { known, warnings } = readTools(tools, toolChoice);
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

/** A tool as described in plain text. */
export interface TextTool {
  readonly name: string;
  readonly description: string;
  /** The input that the block holds as it is. Null if the block holds a JSON object with all inputs. */
  readonly argument: string | null;
  /** A second input, which is written as text before the block, e.g. the reason for a command. */
  readonly remark: { readonly name: string; readonly description: string } | null;
  readonly inputSchema: unknown;
}

const schemaOfTextTool = z.object({
  properties: z.record(z.string(), z.object({ type: z.literal('string'), description: z.string().optional() })),
  required: z.array(z.string()),
});

function readTools(
  tools: NonNullable<LanguageModelV4CallOptions['tools']>,
  toolChoice: LanguageModelV4CallOptions['toolChoice'],
): { readonly known: readonly TextTool[]; readonly warnings: readonly SharedV4Warning[] } {
  const warnings: SharedV4Warning[] = [];
  if (toolChoice?.type === 'none') return { known: [], warnings };
  if (toolChoice !== undefined && toolChoice.type !== 'auto')
    warnings.push({ type: 'unsupported', feature: 'toolChoice', details: 'tools in plain text cannot be forced' });
  const known = tools.flatMap((tool): TextTool[] => {
    if (tool.type === 'function') return [toTextTool(tool)];
    warnings.push({ type: 'unsupported', feature: `tool ${tool.name}`, details: 'it is a tool of the vendor' });
    return [];
  });
  return { known, warnings };
}

/** One text, or one text with a remark, is written as it is; every other input is written as JSON. */
export function toTextTool({ name, description = '', inputSchema }: LanguageModelV4FunctionTool): TextTool {
  const { properties = {}, required = [] } = schemaOfTextTool.safeParse(inputSchema).data ?? {};
  const [last, before, ...others] = required.toReversed();
  const isPlain = last !== undefined && others.length === 0 && Object.keys(properties).length === required.length;
  if (!isPlain) return { name, description, argument: null, remark: null, inputSchema };
  const remark = before === undefined ? null : { name: before, description: properties[before]?.description ?? '' };
  return { name, description, argument: last, remark, inputSchema };
}

/** The description that the model gets; part of the protocol's version. */
export function describeTools(tools: readonly TextTool[]): string {
  return [
    'You have tools. Using one means writing it exactly as shown here. Nothing else that you write has any effect.',
    ...tools.map((tool) => `${tool.name}: ${tool.description}\n${describeUse(tool)}`),
    'Then stop writing. The next message tells you the result.',
  ].join('\n\n');
}

function describeUse(tool: TextTool): string {
  const { name, argument, remark, inputSchema } = tool;
  const block = writeBlock(name, placeholder(tool));
  if (argument === null)
    return `To use it, write a block with a JSON object. Its JSON Schema is ${JSON.stringify(inputSchema)}\n${block}`;
  if (remark === null) return `To use it, write a block:\n${block}`;
  const what = remark.description === '' ? '' : ` (${remark.description})`;
  return `To use it, write <${remark.name}>${what} and then a block:\n<${remark.name}>\n${block}`;
}

function placeholder({ argument }: TextTool): string {
  return argument === null ? '<JSON object>' : `<${argument}>`;
}

function writeBlock(name: string, input: string): string {
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
    else if (part.type === 'tool-call') pieces.push(...writeCall(part, { tools, said: pieces.at(-1) }));
    else if (part.type === 'tool-result') pieces.push(toPlainResult(part.toolName, part.output));
    // As in chat templates, reasoning is not sent back.
    else if (part.type !== 'reasoning') throw new TypeError(`a plain prompt cannot hold a part of type ${part.type}`);
  }
  return pieces.reduce((text, piece) => text + (text === '' || text.endsWith('\n') ? '' : '\n') + piece, '');
}

const inputsSchema = z.record(z.string(), z.unknown());

/** A call as a model must write it: its remark, if there is one that was not said just before, and its block. */
export function writeCall(
  { toolName, input }: { readonly toolName: string; readonly input: unknown },
  { tools, said }: { readonly tools: readonly TextTool[]; readonly said?: string | undefined },
): string[] {
  const tool = tools.find(({ name }) => name === toolName);
  const inputs = inputsSchema.safeParse(input).data ?? {};
  const [remark, value] = [tool?.remark?.name, tool?.argument].map((name) => inputs[name ?? '']);
  const text = typeof value === 'string' ? value : typeof input === 'string' ? input : JSON.stringify(input);
  const before = typeof remark === 'string' && remark !== '' && remark !== said?.trim() ? [remark] : [];
  return [...before, writeBlock(toolName, text)];
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
      const { name: toolName, argument, remark } = tool;
      const inputs = { ...(remark !== null && { [remark.name]: said.trim() }), [argument ?? '']: input };
      said = '';
      return {
        type: 'tool-call',
        toolCallId: `text-${number++}`,
        toolName,
        // JSON is passed on as it was written, so that a model is told what is wrong with it.
        input: argument === null ? input : JSON.stringify(inputs),
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
        block = { fence: ticks, tool: tools.find((one) => one.name === name), lines: [line] };
      } else text.push(line);
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
