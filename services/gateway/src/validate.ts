import type { Validator } from 'typebox/compile';

/** A sentence about the first field that does not fit, without its value; undefined where all fit. */
export function firstWrong(validator: Validator, value: unknown): string | undefined {
  if (validator.Check(value)) return undefined;
  const error = validator.Errors(value)[0];
  if (!error) return 'The request does not fit its schema.';
  const missing = error.keyword === 'required' ? error.params.requiredProperties[0] : undefined;
  const path = [...error.instancePath.split('/').slice(1), ...(missing === undefined ? [] : [missing])].join('.');
  const what = missing === undefined ? error.message : 'is missing';
  return path === '' ? `The request ${what}.` : `The field ${JSON.stringify(path)} ${what}.`;
}

/** The named fields of `from`; all others stay behind, whatever they are called. */
export function pick(from: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (Object.hasOwn(from, name)) picked[name] = from[name];
  return picked;
}
