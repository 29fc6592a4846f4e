import type { Notice } from '@teahouse/client';

/** Everything the page says, in English. The other languages have the same shape. */
export const english = {
  title: 'Teahouse',
  motto: 'Sit down, have tea, talk.',
  loading: 'Loading …',
  close: 'Close',
  back: 'Back',
  cancel: 'Cancel',
  save: 'Save',
  saved: 'Saved.',
  more: 'More',
  retry: 'Try again',
  skip: 'Skip to the message box',
  seconds: (count: number) => `${count} s`,

  login: {
    logIn: 'Log in',
    register: 'Create account',
    toRegister: 'New here? Create an account',
    toLogIn: 'Have an account? Log in',
    username: 'Username',
    nickname: 'Nickname (optional)',
    password: 'Password',
    passwordHint: 'At least 6 characters',
    remember: 'Stay logged in on this device',
    ended: 'Your login has ended. Please log in again.',
    taken: 'This name is taken already.',
    badShape: 'A username holds letters, digits, “_”, “-” and “.”, 32 at most; a password has 6 to 128 characters.',
    logOut: 'Log out',
  },

  connection: {
    connecting: 'Connecting …',
    offline: 'Offline. Messages you write are sent when the connection is back.',
    noNetwork: 'This device has no network. Messages you write are sent when it is back.',
    now: 'Try now',
    catchingUp: (done: number, all: number) => `Back. Reading what you missed: ${done} of ${all}`,
    caughtUp: 'Back, and caught up.',
    groupsDown: 'Groups are not available at present; they come back by themselves.',
    peopleDown: 'Private chats are not available at present; they come back by themselves.',
  },

  chats: {
    title: 'Conversations',
    filter: 'Find a conversation',
    none: 'No conversation has this name.',
    empty: 'Nothing here yet. Create or join a group, or find somebody.',
    unread: (count: number) => `${count} unread`,
    you: 'You',
    draft: 'Draft',
    start: 'New conversation',
    choose: 'Choose a conversation, and the tea is poured.',
    group: 'group',
    person: 'private chat',
  },

  presence: { online: 'online', offline: 'offline', lastSeen: (when: string) => `last seen ${when}` },

  talk: {
    messages: 'Messages',
    write: 'Write a message',
    send: 'Send',
    sending: 'Sending',
    sent: 'Sent',
    read: 'Read',
    failed: 'Not sent.',
    again: 'Send again',
    discard: 'Discard',
    recalled: 'Message recalled',
    empty: 'No messages yet. Say the first word.',
    beginning: 'This is where the conversation begins.',
    nobody: 'There is no such user.',
    noGroup: 'There is no such group, or you are not in it.',
    earlier: (from: number, all: number) => `Loading earlier messages: ${all - from} of ${all}`,
    latest: 'Go to the latest message',
    newBelow: (count: number) => (count === 1 ? '1 new message' : `${count} new messages`),
    unreadFrom: 'New messages',
    tooLong: (count: number) => `${count} characters too many`,
    copy: 'Copy text',
    copied: 'Copied.',
    recall: 'Recall',
    chatWith: (name: string) => `Chat with ${name}`,
    actions: 'Message actions',
    typing: (names: string[]) =>
      names.length === 1 ? `${names[0]} is typing …` : `${names.slice(0, 3).join(', ')} are typing …`,
    search: 'Search messages',
    members: 'Members',
    about: 'About this group',
    announcement: 'Announcement',
    heard: (name: string, text: string) => `${name}: ${text}`,
    heardIn: (chat: string) => `New message in ${chat}`,
    user: (id: number) => `User ${id}`,
    keys: 'Enter sends, Shift+Enter starts a new line',
  },

  silenced: {
    dissolved: 'This group is dissolved. You can still read it.',
    muted: 'Nobody may speak in this group at present.',
    adminsOnly: 'Only the owner and admins may speak in this group at present.',
    member: (until: string) => `You are muted in this group until ${until}.`,
    memberForLong: 'You are muted in this group.',
    blocked: (name: string) => `You have blocked ${name}.`,
    gone: 'You are not a member of this group any more.',
  },

  search: {
    text: 'What to look for',
    find: 'Search',
    running: (seq: number) => `Searching, at message ${seq} …`,
    none: 'Nothing found.',
    goOn: 'Search further back',
    found: (count: number) => (count === 1 ? '1 message found' : `${count} messages found`),
  },

  members: {
    filter: 'Find a member',
    count: (count: number) => (count === 1 ? '1 member' : `${count} members`),
    none: 'Nobody by that name.',
    owner: 'Owner',
    admin: 'Admin',
    member: 'Member',
    you: 'you',
    muted: (until: string) => `muted until ${until}`,
    mutedForLong: 'muted',
    actions: (name: string) => `Actions for ${name}`,
    mute: 'Mute',
    muteFor: { 600: 'Mute for 10 minutes', 3600: 'Mute for 1 hour', 86400: 'Mute for 1 day' } as Record<number, string>,
    unmute: 'Let speak again',
    makeAdmin: 'Make admin',
    makeMember: 'Take admin rights back',
    makeOwner: 'Hand the group over',
    remove: 'Remove from group',
    ban: 'Remove and ban',
    sure: {
      removeMember: (name: string) => `Remove ${name} from the group?`,
      banMember: (name: string) => `Remove ${name} and never let them join again?`,
      transferOwner: (name: string) => `Make ${name} the owner? You become an admin.`,
    },
  },

  group: {
    number: 'Group number',
    copyNumber: 'Copy group number',
    name: 'Group name',
    announcement: 'Announcement',
    noAnnouncement: 'No announcement.',
    joinPolicy: 'Who may join',
    policies: { open: 'Everybody', approval: 'With approval', invite: 'By invitation only' },
    state: 'Who may speak',
    states: { normal: 'Everybody', adminsOnly: 'Owner and admins', muted: 'Nobody', dissolved: 'Dissolved' },
    requests: 'Wants to join',
    noRequests: 'Nobody asks to join.',
    accept: 'Accept',
    refuse: 'Refuse',
    invite: 'Invite by username',
    inviteDo: 'Invite',
    invited: (name: string) => `${name} is a member now.`,
    unban: 'Lift a ban by username',
    unbanDo: 'Lift ban',
    unbanned: (name: string) => `${name} may join again.`,
    leave: 'Leave group',
    leaveSure: 'Leave this group?',
    ownerStays: 'As the owner you can leave after handing the group over.',
    dissolve: 'Dissolve group',
    dissolveSure: 'Dissolve this group for good? Nobody can write in it any more.',
    manage: 'Manage',
    edit: 'Edit group',
    nobody: (name: string) => `There is no user “${name}”.`,
  },

  start: {
    title: 'New conversation',
    person: 'Person',
    join: 'Join group',
    create: 'Create group',
    exactName: 'Exact username',
    chat: 'Chat',
    numberOrName: 'Group number or part of its name',
    find: 'Find',
    nothing: 'No group found.',
    joinDo: 'Join',
    ask: 'Ask to join',
    asked: 'You asked to join; an admin has to agree.',
    joined: (name: string) => `You are in “${name}” now.`,
    inGroup: 'Open',
    createDo: 'Create',
  },

  person: {
    block: 'Block',
    unblock: 'Unblock',
    blockSure: (name: string) => `Block ${name}? You hear nothing from each other in private.`,
    more: 'More about this chat',
  },

  settings: {
    title: 'Settings',
    profile: 'Profile',
    nickname: 'Nickname',
    password: 'Password',
    oldPassword: 'Current password',
    newPassword: 'New password',
    changePassword: 'Change password',
    passwordChanged: 'Password changed. Your other logins have ended.',
    wrongPassword: 'The current password is wrong.',
    look: 'Appearance',
    language: 'Language',
    theme: 'Theme',
    themes: { auto: 'As the system', light: 'Light', dark: 'Dark' },
    languages: { auto: 'As the browser' },
    blocked: 'Blocked people',
    nobodyBlocked: 'You have blocked nobody.',
    keys: 'Keys',
    keyList: [
      ['Ctrl K', 'find a conversation'],
      ['Alt ↑ ↓', 'previous, next conversation'],
      ['Ctrl F', 'search in the conversation'],
      ['↑ ↓', 'from message to message, in the list of messages'],
      ['Esc', 'close what is open'],
    ] as readonly (readonly [string, string])[],
  },

  told: {
    joinRequest: (name: string, group: string) => `${name} wants to join “${group}”.`,
    accepted: 'You were let into the group.',
    refused: 'Your request to join was turned down.',
    removed: (group: string) => `You are not in “${group}” any more.`,
  },

  notice: (notice: Notice, who: string, by: string): string => {
    const name = who || by;
    switch (notice.event) {
      case 'created':
        return `${name} made the group`;
      case 'joined':
        return who && by && who !== by ? `${by} let ${who} in` : `${name} joined`;
      case 'left':
        return `${name} left`;
      case 'removed':
        return by ? `${by} removed ${who}` : `${name} was removed`;
      case 'banned':
        return by ? `${by} removed and banned ${who}` : `${name} was banned`;
      case 'muted':
        return by ? `${by} muted ${who}` : `${name} was muted`;
      case 'unmuted':
        return `${name} may speak again`;
      case 'rights':
        return notice.rights === 'admin' ? `${name} is an admin now` : `${name} is no longer an admin`;
      case 'owner':
        return `${name} owns the group now`;
      case 'state':
        if (notice.state === 'muted') return `${by} closed the talk: nobody may speak`;
        return notice.state === 'adminsOnly'
          ? `${by} lets only the owner and admins speak`
          : `${by} lets everybody speak`;
      case 'updated':
        if (notice.groupName !== undefined) return `${by} named the group “${notice.groupName}”`;
        return notice.announcement ? `${by} announces: ${notice.announcement}` : `${by} changed the group`;
      case 'dissolved':
        return `${by} dissolved the group`;
      case 'recalled':
        return `${by} recalled a message`;
    }
  },

  official: (content: string) => `Official notice: ${content}`,

  errors: {
    BAD_REQUEST: 'This is not possible like that.',
    UNAUTHENTICATED: 'Please log in again.',
    BAD_CREDENTIALS: 'The username or the password is wrong.',
    FORBIDDEN: 'Your rights do not allow this.',
    NOT_FOUND: 'There is no such thing.',
    CONFLICT: 'This conflicts with what is there already.',
    NOT_A_MEMBER: 'You are not a member of this group.',
    GROUP_DISSOLVED: 'The group is dissolved.',
    GROUP_MUTED: 'The group does not let you speak at present.',
    MEMBER_MUTED: 'You are muted in this group.',
    NO_COMMON_GROUP: 'You share no group with this person.',
    BLOCKED: 'One of you has blocked the other.',
    RATE_LIMITED: 'Too fast; wait a moment.',
    UNAVAILABLE: 'This is not available at present.',
    INTERNAL: 'Something went wrong on the server.',
    DISCONNECTED: 'There is no connection to the server.',
    TIMEOUT: 'The server did not answer in time.',
    CLOSED: 'You are logged out.',
    OUTBOX_FULL: 'Too many messages wait to be sent.',
    PROTOCOL: 'The page is too old for the server: reload it.',
  } as Record<string, string>,
};

export type Words = typeof english;
