import { TeahouseError } from '@teahouse/contracts';
import { Compile } from 'typebox/compile';

const validators = new WeakMap();
function validatorOf(schema) {
  const known = validators.get(schema);
  if (known) return known;
  const compiled = Compile(schema);
  validators.set(schema, compiled);
  return compiled;
}
function encode(value) {
  return Buffer.from(JSON.stringify(value ?? null));
}
function decode(payload) {
  return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString());
}
/**
 * Asks a service. Rejects as `Bus.request` does; with `INTERNAL` where the reply is no JSON or, when asked to check, not
 * of the agreed shape.
 */
export async function call(bus, definition, request, options) {
  const payload = await bus.request(definition.subject, encode(request), options);
  let reply;
  try {
    reply = decode(payload);
  } catch (cause) {
    throw new TeahouseError('INTERNAL', undefined, {
      cause: new Error(`${definition.subject} answered no JSON`, { cause }),
    });
  }
  const wrong = options.checkReply ? firstWrong(validatorOf(definition.reply), reply) : undefined;
  if (wrong)
    throw new TeahouseError('INTERNAL', undefined, {
      cause: new Error(`${definition.subject} answered out of shape: ${wrong}`),
    });
  return reply;
}
/** Serves a call with a verb. A request out of shape answers `BAD_REQUEST` and names the first field that is wrong. */
export function serveCall(bus, definition, group, verb, options) {
  const validator = validatorOf(definition.request);
  return bus.serve(
    definition.subject,
    group,
    async (payload, context) => {
      let request;
      try {
        request = decode(payload);
      } catch (cause) {
        throw new TeahouseError('BAD_REQUEST', 'The request is no JSON.', {
          cause,
        });
      }
      const wrong = firstWrong(validator, request);
      if (wrong) throw new TeahouseError('BAD_REQUEST', wrong);
      return encode(await verb(request, context));
    },
    options,
  );
}
/** A sentence about the first field that does not fit, without its value; undefined where all fit. */
function firstWrong(validator, value) {
  if (validator.Check(value)) return undefined;
  const error = validator.Errors(value)[0];
  if (!error) return 'The request does not fit its schema.';
  const missing = error.keyword === 'required' ? error.params.requiredProperties[0] : undefined;
  const path = [...error.instancePath.split('/').slice(1), ...(missing === undefined ? [] : [missing])].join('.');
  const what = missing === undefined ? error.message : 'is missing';
  return path === '' ? `The request ${what}.` : `The field ${JSON.stringify(path)} ${what}.`;
}
//# sourceMappingURL=calls.js.map
