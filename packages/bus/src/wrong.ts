import type { Validator } from 'typebox/compile';

/** A sentence about the first field that does not fit, for strangers and without its value; undefined where all fit. */
export function firstWrong(validator: Validator, value: unknown): string | undefined {
  if (validator.Check(value)) return undefined;
  const error = validator.Errors(value)[0];
  if (!error) return 'The request does not fit its schema.';
  const missing = error.keyword === 'required' ? error.params.requiredProperties[0] : undefined;
  const path = [...error.instancePath.split('/').slice(1), ...(missing === undefined ? [] : [missing])].join('.');
  const what =
    missing !== undefined
      ? 'is missing'
      : // A regular expression tells a stranger nothing.
        error.keyword === 'pattern'
        ? 'is blank or holds characters that are not allowed'
        : error.message;
  return path === '' ? `The request ${what}.` : `The field ${JSON.stringify(path)} ${what}.`;
}
