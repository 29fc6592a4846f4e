/** Follows one direction of a WebSocket's bytes from its upgrade on, and says where frames begin and end. */
export class FrameWalk {
  #header = '';
  /** Bytes of the frame's head read so far. */
  #head: number[] = [];
  /** Bytes of the frame that are still to come; undefined while its head is incomplete. */
  #left: number | undefined;
  #length = 0;
  /** Frames that have passed whole. */
  frames = 0;

  /** False while the upgrade's header has not passed. */
  get open(): boolean {
    return this.#header.endsWith('\r\n\r\n');
  }

  /** Within a frame, or within the upgrade. */
  get inside(): boolean {
    return !this.open || this.#head.length > 0;
  }

  /** Whether a share, 0 to 1, of the frame's body has passed; false between frames. */
  passed(share: number): boolean {
    return this.#left !== undefined && this.#left <= this.#length * (1 - share);
  }

  /** Passes one byte. */
  step(byte: number): void {
    if (!this.open) {
      this.#header = (this.#header + String.fromCharCode(byte)).slice(-4);
      return;
    }
    if (this.#left === undefined) {
      this.#head.push(byte);
      this.#left = bodyLength(this.#head);
      this.#length = this.#left ?? 0;
    } else this.#left -= 1;
    if (this.#left !== 0) return;
    this.#head = [];
    this.#left = undefined;
    this.frames += 1;
  }
}

/** How many bytes follow a frame's head; undefined while the head is incomplete. */
function bodyLength(head: number[]): number | undefined {
  const [, second] = head;
  if (second === undefined) return undefined;
  const mask = second >= 128 ? 4 : 0;
  const short = second & 127;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (head.length < 2 + extra) return undefined;
  const length = extra === 0 ? short : head.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
  return length + mask;
}
