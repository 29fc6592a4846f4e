import type { Validator } from 'typebox/compile';

/** A sentence about the first field that does not fit, for strangers and without its value; undefined where all fit. */
export function firstWrong(validator: Validator, value: unknown): string | undefined {
  if (validator.Check(value)) return undefined;
  // Naming what is wrong looks at every item of a list, however long: 31 ms for a frame full of numbers.
  const long = tooLong(validator.Type(), value);
  if (long !== undefined)
    return `The field ${JSON.stringify(long.name)} must not have more than ${long.maxItems} items.`;
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
        : error.message
            .replace(/^must be (?=(?:array|integer|object)$)/, 'must be an ')
            .replace(/^must be (?=(?:boolean|number|string)$)/, 'must be a ');
  return path === '' ? `The request ${what}.` : `The field ${JSON.stringify(path)} ${what}.`;
}

/** The first list in an object that has more items than its schema allows. */
function tooLong(schema: object, value: unknown): { name: string; maxItems: number } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { properties = {} } = schema as { properties?: Readonly<Record<string, { readonly maxItems?: number }>> };
  for (const [name, { maxItems }] of Object.entries(properties)) {
    const field = (value as Readonly<Record<string, unknown>>)[name];
    if (maxItems !== undefined && Array.isArray(field) && field.length > maxItems) return { name, maxItems };
  }
  return undefined;
}
