import t from 'tap';
import { official, openPage } from './opening.js';

const house = await openPage(t);

t.test('an admin mutes somebody, who sees why they cannot speak, and lets them speak again', async (t) => {
  const admin = await house.visit(t, 'admin');
  const third = await house.visit(t, 'player3');
  await third.open(official);
  await third.writing.waitFor();
  await admin.open(official);
  await admin.button('Members').click();
  await admin.button('Actions for player3').click();
  await admin.choose('Mute for 1 hour');
  await third.page.getByText(/^You are muted in this group until /).waitFor();
  t.equal(await third.writing.count(), 0, 'nothing to write in');
  await third.page.getByText('admin muted player3').first().waitFor();
  await admin.page.getByText(/^muted until /).waitFor();
  await admin.button('Actions for player3').click();
  await admin.choose('Let speak again');
  await third.writing.waitFor();

  await third.button('Members').click();
  await third.page.getByRole('complementary').getByRole('listitem').filter({ hasText: 'player3' }).waitFor();
  t.equal(await third.button(/^Actions for/).count(), 0, 'who is no admin is offered nothing');
  t.strictSame([...admin.complaints, ...third.complaints], []);
});

t.test('a group with approval: made, found by number, asked for, run, and dissolved', async (t) => {
  const owner = await house.visit(t, 'player1');
  const asker = await house.visit(t, 'player4');
  await owner.button('New conversation').click();
  await owner.page.getByRole('tab', { name: 'Create group' }).click();
  await owner.page.locator('input[name=groupName]').fill('Longjing lovers');
  await owner.page.locator('select[name=joinPolicy]').selectOption('approval');
  await owner.button('Create').click();
  await owner.page.getByRole('heading', { level: 1, name: 'Longjing lovers' }).waitFor();
  await owner.button('About this group').click();
  const number = /\d{8,}/.exec((await owner.page.getByText(/^Group number \d+/).textContent()) ?? '')?.[0] as string;

  await asker.button('New conversation').click();
  await asker.page.getByRole('tab', { name: 'Join group' }).click();
  await asker.page.locator('input[name=group]').fill(number);
  await asker.button('Find').click();
  await asker.button('Ask to join').click();
  await asker.page.getByText('You asked to join; an admin has to agree.').waitFor();
  await owner.page.getByText('player4 wants to join “Longjing lovers”.').waitFor();
  await owner.button('Accept').click();
  await asker.page.getByText('You were let into the group.').waitFor();
  await asker.page.keyboard.press('Escape');
  await asker.open('Longjing lovers');

  await owner.page.getByText('Edit group').click();
  await owner.page.locator('textarea[name=announcement]').fill('Tea at eight');
  await owner.page.locator('select[name=state]').selectOption('adminsOnly');
  await owner.button('Save').click();
  await asker.button(/Tea at eight/).waitFor();
  await asker.page.getByText('Only the owner and admins may speak in this group at present.').waitFor();
  await asker.button('About this group').click();
  await asker.button('Leave group').waitFor();
  t.equal(await asker.page.getByText('Edit group').count(), 0, 'a member is offered no administration');
  t.equal(await asker.button('Dissolve group').count(), 0);

  await owner.button('Dissolve group').click();
  await owner.page.getByRole('alertdialog').getByRole('button', { name: 'Dissolve group' }).click();
  await asker.page.getByText('This group is dissolved. You can still read it.').waitFor();
  t.strictSame([...owner.complaints, ...asker.complaints], []);
});
