import { ChatError } from '@teahouse/client';
import t from 'tap';
import { planAfter } from '../dist/policy.js';

const half = () => 0.5;
const ending = { code: 1006, reason: '', refusal: undefined, reconnectWithinMs: undefined };

t.test('a lost connection: full jitter below a ceiling that doubles from 0.5 to 20 s', async (t) => {
  const delays = [0, 1, 2, 5, 6, 60].map((attempt) => planAfter(ending, attempt, 0, half));
  t.match(
    delays,
    [250, 500, 1_000, 8_000, 10_000, 10_000].map((delayMs) => ({ delayMs, freshLogin: false })),
  );
});

t.test('goodbye: within what the server asks for', async (t) => {
  t.match(planAfter({ ...ending, code: 1012, reconnectWithinMs: 5_000 }, 9, 0, half), { delayMs: 2_500 });
});

t.test('too many: later', async (t) => {
  t.match(
    planAfter({ ...ending, code: 4429 }, 0, 0, () => 0),
    { delayMs: 5_000 },
  );
  const refusal = new ChatError('RATE_LIMITED', undefined, { retryAfterMs: 60_000 });
  t.match(
    planAfter({ ...ending, code: 4429, refusal }, 0, 0, () => 0),
    { delayMs: 60_000 },
  );
});

t.test('a login that ended: a fresh one, three times at most', async (t) => {
  const ended = { ...ending, code: 4401 };
  t.match(planAfter(ended, 0, 1, half), { delayMs: 250, freshLogin: true });
  t.match(planAfter(ended, 0, 3, half), { stop: { code: 'UNAUTHENTICATED' } });
});

t.test('what no repetition mends ends it', async (t) => {
  t.match(planAfter({ ...ending, code: 4401, refusal: new ChatError('BAD_CREDENTIALS') }, 0, 1, half), {
    stop: { code: 'BAD_CREDENTIALS' },
  });
  for (const code of [1003, 1009, 4400])
    t.match(planAfter({ ...ending, code }, 0, 0, half), { stop: { code: 'PROTOCOL' } });
});

t.test('a server that cannot log anybody in at present is asked again', async (t) => {
  t.match(planAfter({ ...ending, code: 1013, refusal: new ChatError('UNAVAILABLE') }, 0, 0, half), {
    delayMs: 250,
    freshLogin: false,
  });
});
