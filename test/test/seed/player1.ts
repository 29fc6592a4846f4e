import { createUserConnect } from '@teahouse/client';

const userInfo = { username: 'player1', password: '123456', url: process.argv[2] ?? 'http://127.0.0.1:8001' };

const player1 = await createUserConnect(userInfo, (message) => {
  if (message.kind === 'normal') console.log(`player1 received: ${message.content}`);
});
await player1.sendToGroup('大家好，我是player1');
