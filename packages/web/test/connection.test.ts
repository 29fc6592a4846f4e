import t from 'tap';
import { official, openPage } from './opening.js';

const house = await openPage(t);

t.test('the gateway is killed while a message is being sent: it arrives once', async (t) => {
  const [gateway] = house.stack.services.gateway;
  if (!gateway) throw new Error('There is no gateway.');
  const one = await house.visit(t, 'player1');
  const two = await house.visit(t, 'player2');
  await one.open(official);
  await two.open(official);
  await one.say('before');
  await two.message('before').waitFor();
  gateway.kill('SIGSTOP');
  await one.say('in between');
  await one.message('in between').getByRole('img', { name: 'Sending' }).waitFor();
  await gateway.down('SIGKILL');
  await one.page.getByText('Offline.').waitFor();
  await one.say('written offline');
  await gateway.up();
  await two.message('written offline').waitFor();
  await one.message('written offline').getByRole('img', { name: 'Sent' }).waitFor();
  await one.page.getByText('Back, and caught up.').waitFor({ state: 'detached' });
  for (const visitor of [one, two]) {
    const texts = await visitor.page.getByRole('log').getByRole('article').locator('.text').allInnerTexts();
    const said = texts.map((text) =>
      text
        .split('\n')[0]
        ?.replace(/\s*\d\d:\d\d$/, '')
        .trim(),
    );
    t.strictSame(said.slice(-3), ['before', 'in between', 'written offline'], 'once each and in order');
    const unexpected = visitor.complaints.filter((text) => !/WebSocket connection to .* failed/.test(text));
    t.strictSame(unexpected, [], 'but for the browser’s own words about the lost connection');
  }
});
