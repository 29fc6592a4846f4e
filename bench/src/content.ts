/** Bytes of every message's content. */
const CONTENT_BYTES = 64;

/** The content of sender `sender`'s message `count`: 64 ASCII bytes that tell both and can be made again. */
export function contentOf(sender: number, count: number): string {
  const head = `${sender}.${count}.`;
  const letter = String.fromCharCode(97 + ((sender * 7 + count) % 26));
  return head + letter.repeat(CONTENT_BYTES - head.length);
}

/** The sender and the count that a content tells. */
export function originOf(content: string): [sender: number, count: number] {
  const [sender, count] = content.split('.', 2);
  return [Number(sender), Number(count)];
}

/** Whether a content that came back is exactly what its own head says was sent. */
export function isContent(value: unknown): value is string {
  return typeof value === 'string' && value === contentOf(...originOf(value));
}
