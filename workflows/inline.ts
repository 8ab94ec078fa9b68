import { clip } from '../src/model/process-event.ts';

/** One line of untrusted text inside Markdown: no line break, no fence, no link, no HTML. */
export function inline(text: string): string {
  return clip(text.replaceAll(/\s+/g, ' '), 600).replaceAll(/[<>[\]`*_|\\]/g, String.raw`\$&`);
}
