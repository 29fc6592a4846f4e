/** What the terminal shows once everything runs: where it is, and what to try next. */
export function welcome({ url, demo }: { readonly url: string; readonly demo: boolean }): string {
  const accounts = demo
    ? `
  Log in as player1, player2, player3, player4 or admin, password 123456: two windows, one of them private, two players.
  用 player1 … player4 或 admin 登录，密码 123456；打开两个窗口，其中一个用无痕窗口，就能互相聊天。
`
    : '';
  return `
  Teahouse is open: ${url}/
  茶馆开张了，请打开上面的网址。
${accounts}
  From code 写程序:  import { createUserConnect } from '@teahouse/client';  (README.md, README.zh-CN.md)
  API: ${url}/docs     Ctrl-C ends it 结束
`;
}
