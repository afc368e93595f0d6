import type { LanguageModelV4Prompt } from '@ai-sdk/provider';

import type { Question } from '../../gateway/contract.ts';
import type { ToolSpec } from '../../record/events.ts';

/** The tools that a product offers its model in a question. */
export function toolsOf({ options }: Question): ToolSpec[] {
  return (options.tools ?? []).flatMap((tool) =>
    tool.type === 'function'
      ? [{ name: tool.name, description: tool.description ?? '', inputSchema: { ...tool.inputSchema } }]
      : [],
  );
}

/** Whether a question belongs to the task, however the product writes it. */
export function isOfTask({ options }: Question, task: string): boolean {
  return wordsOf(options.prompt).includes(plainestOf(task));
}

/** All words of the person in a prompt. */
function wordsOf(prompt: LanguageModelV4Prompt): string {
  return prompt
    .flatMap((message) =>
      message.role === 'user' ? message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])) : [],
    )
    .join('\n');
}

/** The longest part of a task that no product writes in another way, e.g. with escaped quotes or line ends. */
function plainestOf(task: string): string {
  const parts = task.split(/[^A-Za-z0-9 ,.;:-]+/).map((part) => part.trim());
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}
