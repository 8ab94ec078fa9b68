/**
 * The first characters of an answer's body, on one line; the rest is never read, however long it is.
 *
 * @param characters - the most to return
 */
export async function readStart(response: Response, characters: number): Promise<string> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the body.
    if (text.length >= characters) break;
  }
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, characters);
}
