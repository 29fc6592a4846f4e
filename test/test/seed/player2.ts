import { createUserConnect } from '@teahouse/client';

const userInfo = { username: 'player2', password: '123456', url: process.argv[2] ?? 'http://127.0.0.1:8001' };

const player2 = await createUserConnect(userInfo, {
  onGroupMessage(message) {
    if (message.kind !== 'normal') return;
    console.log(`player2 received: ${message.content}`);
    player2.sendToUser(message.from, '你好player1，我是player2').catch(console.error);
  },
});
console.log('player2 is here');
