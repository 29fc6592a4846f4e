const KEY = '"seq":';
const KEY_BYTES = Buffer.from(KEY);
const REACH = 6;

function keyAt(buffer: Buffer, at: number): boolean {
  return buffer[at] === 0x22 && buffer[at + 1] === 0x73 && buffer[at + 3] === 0x71 && buffer[at + 5] === 0x3a;
}

/**
 * Finds the number after `"seq":` in a JSON text without parsing it.
 * It looks first where the last one was: frames of one conversation differ by a few digits.
 */
export class SeqScanner {
  private hint = 0;

  /** The number, or -1 where the text has none. */
  read(buffer: Buffer, start: number, end: number): number {
    let at = this.near(buffer, start, end);
    if (at < 0) {
      at = buffer.indexOf(KEY_BYTES, start);
      if (at < 0 || at >= end) return -1;
    }
    this.hint = at - start;
    let value = 0;
    for (let i = at + KEY.length; i < end; i += 1) {
      const digit = (buffer[i] as number) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    return value;
  }

  private near(buffer: Buffer, start: number, end: number): number {
    const middle = start + this.hint;
    for (let distance = 0; distance <= REACH; distance += 1) {
      if (middle + distance + KEY.length < end && keyAt(buffer, middle + distance)) return middle + distance;
      if (middle - distance >= start && keyAt(buffer, middle - distance)) return middle - distance;
    }
    return -1;
  }
}

/** The number whose digits begin at `at`. */
export function numberAt(buffer: Buffer, at: number): number {
  let value = 0;
  for (let i = at; ; i += 1) {
    const digit = (buffer[i] as number) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return value;
    value = value * 10 + digit;
  }
}
