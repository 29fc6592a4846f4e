/** Who asks, in the order of the columns. All but the last three are members; `system` has the system's role `admin`. */
export const callers = ['owner', 'admin', 'member', 'outsider', 'banned', 'system'] as const;
export type Caller = (typeof callers)[number];

export const states = ['normal', 'dissolved', 'muted', 'adminsOnly'] as const;
export type State = (typeof states)[number];

/*
 * What every operation of a group does for whom, in which state of the group: to be read beside "Messages" and "Groups" of
 * the protocol. `yes`: it is done, with the effect that matrix-effects.ts tells. `same`: it is answered, and nothing
 * changes. Else the code of the refusal. `living` stands for all states but `dissolved`, `any` for all four.
 *
 * The second word of an operation says on whom or on what kind of group: `admin` is another admin, `member` another
 * member, `guest` somebody who is no member, `silenced` a group in which those who ask are muted one by one.
 */
const table = `
operation                state       owner            admin            member           outsider      banned        system

groupMessage             normal      yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
groupMessage             adminsOnly  yes              yes              GROUP_MUTED      NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
groupMessage             muted       GROUP_MUTED      GROUP_MUTED      GROUP_MUTED      NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
groupMessage             dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
groupMessage silenced    normal      MEMBER_MUTED     MEMBER_MUTED     MEMBER_MUTED     NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
groupMessage silenced    adminsOnly  MEMBER_MUTED     MEMBER_MUTED     GROUP_MUTED      NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
groupMessage silenced    muted       GROUP_MUTED      GROUP_MUTED      GROUP_MUTED      NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
groupMessage silenced    dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
groupMessage invite      normal      yes              yes              yes              NOT_FOUND     NOT_FOUND     NOT_FOUND
history                  any         yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  yes
search                   any         yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  yes
markRead                 any         yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
recallMessage own        living      yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  yes
recallMessage own        dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
recallMessage old        living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
recallMessage other      living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
recallMessage notice     living      NOT_FOUND        NOT_FOUND        NOT_FOUND        NOT_A_MEMBER  NOT_A_MEMBER  NOT_FOUND
typing                   normal      yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
typing                   adminsOnly  yes              yes              same             NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
typing                   muted       same             same             same             NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
typing                   dissolved   same             same             same             NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER

joinGroup                living      same             same             same             yes           FORBIDDEN     yes
joinGroup                dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  FORBIDDEN  GROUP_DISSOLVED
joinGroup approval       living      same             same             same             yes           FORBIDDEN     yes
joinGroup invite         living      same             same             same             NOT_FOUND     NOT_FOUND     NOT_FOUND
joinGroup invite         dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_FOUND     NOT_FOUND     NOT_FOUND
listJoinRequests         living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
listJoinRequests         dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
answerJoinRequest yes    living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
answerJoinRequest yes    dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
answerJoinRequest no     living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
answerJoinRequest guest  living      NOT_FOUND        NOT_FOUND        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  NOT_FOUND
inviteMember guest       living      yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  yes
inviteMember guest       dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
inviteMember approval    living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
inviteMember invite      living      yes              yes              FORBIDDEN        NOT_FOUND     NOT_FOUND     yes
inviteMember member      living      same             same             same             NOT_A_MEMBER  NOT_A_MEMBER  same
inviteMember banned      living      FORBIDDEN        FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  FORBIDDEN
leaveGroup               living      FORBIDDEN        yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
leaveGroup               dissolved   yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  NOT_A_MEMBER
removeMember member      living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
removeMember member      dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
removeMember admin       living      yes              FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
removeMember owner       living      FORBIDDEN        FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  FORBIDDEN
removeMember guest       living      NOT_FOUND        NOT_FOUND        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  NOT_FOUND
banMember member         living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
banMember member         dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
banMember admin          living      yes              FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
banMember owner          living      FORBIDDEN        FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  FORBIDDEN
banMember guest          living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
banMember asker          living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
banMember banned         living      same             same             FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  same
unbanMember banned       living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
unbanMember banned       dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
unbanMember guest        living      same             same             FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  same
muteMember member        living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
muteMember member        dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
muteMember admin         living      yes              FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
muteMember owner         living      FORBIDDEN        FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  FORBIDDEN
muteMember guest         living      NOT_FOUND        NOT_FOUND        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  NOT_FOUND
muteMember 0             living      same             same             FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  same
muteMember 0-silenced    living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
setRights up             living      yes              FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
setRights down           living      yes              FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
setRights down           dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
setRights owner          living      FORBIDDEN        FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  FORBIDDEN
setRights guest          living      NOT_FOUND        FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  NOT_FOUND
transferOwner member     living      yes              FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
transferOwner member     dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
transferOwner owner      living      same             FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  same
transferOwner guest      living      NOT_FOUND        FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  NOT_FOUND
setGroupState            living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
setGroupState            dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
setGroupState same       living      same             same             FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  same
updateGroup              living      yes              yes              FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
updateGroup              dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
dissolveGroup            living      yes              FORBIDDEN        FORBIDDEN        NOT_A_MEMBER  NOT_A_MEMBER  yes
dissolveGroup            dissolved   GROUP_DISSOLVED  GROUP_DISSOLVED  GROUP_DISSOLVED  NOT_A_MEMBER  NOT_A_MEMBER  GROUP_DISSOLVED
groupInfo                any         yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  yes
listMembers              any         yes              yes              yes              NOT_A_MEMBER  NOT_A_MEMBER  yes
`;

/** One cell of the table. */
export interface Cell {
  readonly operation: string;
  /** The type of the frame. */
  readonly type: string;
  readonly state: State;
  readonly caller: Caller;
  /** `yes`, `same`, or a code. */
  readonly verdict: string;
}

const words = (line: string): string[] => line.trim().split(/\s+/);

function statesOf(word: string): readonly State[] {
  if (word === 'any') return states;
  if (word === 'living') return states.filter((state) => state !== 'dissolved');
  return states.filter((state) => state === word);
}

export const cells: readonly Cell[] = table
  .split('\n')
  .filter((line) => line.trim() !== '')
  .slice(1)
  .flatMap((line) => {
    const columns = words(line);
    const [state = '', ...verdicts] = columns.slice(-callers.length - 1);
    const operation = columns.slice(0, -callers.length - 1).join(' ');
    return statesOf(state).flatMap((state) =>
      callers.map((caller, i): Cell => {
        const verdict = verdicts[i];
        if (verdict === undefined) throw new Error(`a line of the table is too short: ${line}`);
        return { operation, type: operation.split(' ')[0] ?? '', state, caller, verdict };
      }),
    );
  });
