/** Bytes of every message's content. */
const CONTENT_BYTES = 64;

/** The content of sender `sender`'s message `count`: 64 ASCII bytes that tell both and can be made again. */
export function contentOf(sender: number, count: number): string {
  const head = `${sender}.${count}.`;
  const letter = String.fromCharCode(97 + ((sender * 7 + count) % 26));
  return head + letter.repeat(CONTENT_BYTES - head.length);
}

/** Whether a content that came back is exactly what its own head says was sent. */
export function isContent(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const [sender, count] = value.split('.', 2);
  return value === contentOf(Number(sender), Number(count));
}
