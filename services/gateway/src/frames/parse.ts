import { Ref } from '@teahouse/contracts';
import { Compile } from 'typebox/compile';

/** A JSON object of which nothing else is known yet. */
export interface ParsedFrame {
  readonly type: unknown;
  /** Undefined, too, where it is not of the right shape. */
  readonly ref: string | undefined;
  readonly whole: Readonly<Record<string, unknown>>;
}

const refShape = Compile(Ref);

/** Reads a text frame; undefined where it is no JSON object. */
export function parseFrame(data: Buffer): ParsedFrame | undefined {
  let whole: unknown;
  try {
    whole = JSON.parse(data.toString());
  } catch {
    return undefined;
  }
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return undefined;
  const { type, ref } = whole as { type?: unknown; ref?: unknown };
  return { type, ref: refShape.Check(ref) ? ref : undefined, whole: whole as Record<string, unknown> };
}
