import type { Words } from './en';

export const chinese: Words = {
  title: '茶馆',
  motto: '坐下，喝杯茶，聊聊天。',
  loading: '加载中…',
  close: '关闭',
  back: '返回',
  cancel: '取消',
  save: '保存',
  saved: '已保存。',
  more: '更多',
  retry: '重试',
  skip: '跳到输入框',
  seconds: (count) => `${count} 秒`,

  login: {
    logIn: '登录',
    register: '注册',
    toRegister: '没有账号？注册一个',
    toLogIn: '已有账号？登录',
    username: '用户名',
    nickname: '昵称（可不填）',
    password: '密码',
    passwordHint: '至少 6 个字符',
    remember: '在这台设备上保持登录',
    ended: '登录已失效，请重新登录。',
    taken: '这个用户名已被占用。',
    badShape: '用户名只能包含文字、数字和“_”“-”“.”，最多 32 个字符；密码须为 6 至 128 个字符。',
    logOut: '退出登录',
  },

  connection: {
    connecting: '连接中…',
    offline: '连接已断开。你写的消息会在恢复后发送。',
    noNetwork: '设备没有网络。你写的消息会在恢复后发送。',
    now: '立即重连',
    catchingUp: (done, all) => `已恢复，正在补读错过的消息：${done} / ${all}`,
    caughtUp: '已恢复，消息已补齐。',
    groupsDown: '群聊暂时不可用，恢复后会自动继续。',
    peopleDown: '私聊暂时不可用，恢复后会自动继续。',
  },

  chats: {
    title: '会话',
    filter: '查找会话',
    none: '没有这个名字的会话。',
    empty: '这里还是空的。建群、加群，或找个人聊聊吧。',
    unread: (count) => `${count} 条未读`,
    you: '我',
    draft: '草稿',
    start: '新会话',
    choose: '选一个会话，茶已经沏好。',
    group: '群聊',
    person: '私聊',
  },

  presence: { online: '在线', offline: '离线', lastSeen: (when) => `上次在线 ${when}` },

  talk: {
    messages: '消息',
    write: '输入消息',
    send: '发送',
    sending: '发送中',
    sent: '已发送',
    read: '已读',
    failed: '发送失败。',
    again: '重新发送',
    discard: '删除',
    recalled: '消息已撤回',
    empty: '还没有消息，来说第一句吧。',
    beginning: '会话从这里开始。',
    nobody: '没有这个用户。',
    noGroup: '没有这个群，或你不是成员。',
    earlier: (from, all) => `正在加载更早的消息：${all - from} / ${all}`,
    latest: '回到最新消息',
    newBelow: (count) => `${count} 条新消息`,
    unreadFrom: '以下是新消息',
    tooLong: (count) => `超出 ${count} 个字`,
    copy: '复制文字',
    copied: '已复制。',
    recall: '撤回',
    chatWith: (name) => `和${name}私聊`,
    actions: '消息操作',
    typing: (names) => `${names.slice(0, 3).join('、')}正在输入…`,
    search: '搜索消息',
    members: '成员',
    about: '群资料',
    announcement: '公告',
    heard: (name, text) => `${name}：${text}`,
    heardIn: (chat) => `${chat}有新消息`,
    user: (id) => `用户${id}`,
    keys: '回车发送，Shift+回车换行',
  },

  silenced: {
    dissolved: '本群已解散，仍可查看记录。',
    muted: '本群目前全员禁言。',
    adminsOnly: '本群目前只有群主和管理员可以发言。',
    member: (until) => `你已被禁言至 ${until}。`,
    memberForLong: '你已被禁言。',
    blocked: (name) => `你已拉黑${name}。`,
    gone: '你已不在本群。',
  },

  search: {
    text: '搜索内容',
    find: '搜索',
    running: (seq) => `正在搜索，已到第 ${seq} 条…`,
    none: '没有找到。',
    goOn: '继续往前搜索',
    found: (count) => `找到 ${count} 条消息`,
  },

  members: {
    filter: '查找成员',
    count: (count) => `${count} 位成员`,
    none: '没有匹配的成员。',
    owner: '群主',
    admin: '管理员',
    member: '成员',
    you: '我',
    muted: (until) => `禁言至 ${until}`,
    mutedForLong: '已禁言',
    actions: (name) => `对${name}的操作`,
    mute: '禁言',
    muteFor: { 600: '禁言 10 分钟', 3600: '禁言 1 小时', 86400: '禁言 1 天' },
    unmute: '解除禁言',
    makeAdmin: '设为管理员',
    makeMember: '取消管理员',
    makeOwner: '转让群主',
    remove: '移出群聊',
    ban: '移出并封禁',
    sure: {
      removeMember: (name) => `将${name}移出群聊？`,
      banMember: (name) => `将${name}移出群聊并封禁？封禁后无法再次加入。`,
      transferOwner: (name) => `将群主转让给${name}？你将成为管理员。`,
    },
  },

  group: {
    number: '群号',
    copyNumber: '复制群号',
    name: '群名',
    announcement: '群公告',
    noAnnouncement: '暂无公告。',
    joinPolicy: '加群方式',
    policies: { open: '任何人', approval: '需要审批', invite: '仅限邀请' },
    state: '谁可以发言',
    states: { normal: '所有人', adminsOnly: '群主和管理员', muted: '全员禁言', dissolved: '已解散' },
    requests: '加群申请',
    noRequests: '暂无申请。',
    accept: '同意',
    refuse: '拒绝',
    invite: '按用户名邀请',
    inviteDo: '邀请',
    invited: (name) => `${name}已加入群聊。`,
    unban: '按用户名解除封禁',
    unbanDo: '解除',
    unbanned: (name) => `${name}可以重新加入了。`,
    leave: '退出本群',
    leaveSure: '确定退出本群？',
    ownerStays: '转让群主后才能退出本群。',
    dissolve: '解散本群',
    dissolveSure: '确定永久解散本群？之后谁也不能再发言。',
    manage: '管理',
    edit: '编辑群资料',
    nobody: (name) => `没有用户“${name}”。`,
  },

  start: {
    title: '新会话',
    person: '找人',
    join: '加群',
    create: '建群',
    exactName: '完整的用户名',
    chat: '聊天',
    numberOrName: '群号，或群名的一部分',
    find: '查找',
    nothing: '没有找到相关的群。',
    joinDo: '加入',
    ask: '申请加入',
    asked: '已申请，等待管理员同意。',
    joined: (name) => `你已加入“${name}”。`,
    inGroup: '打开',
    createDo: '创建',
  },

  person: {
    block: '拉黑',
    unblock: '取消拉黑',
    blockSure: (name) => `拉黑${name}？你们将收不到彼此的私聊消息。`,
    more: '更多操作',
  },

  settings: {
    title: '设置',
    profile: '个人资料',
    nickname: '昵称',
    password: '密码',
    oldPassword: '当前密码',
    newPassword: '新密码',
    changePassword: '修改密码',
    passwordChanged: '密码已修改，其他设备上的登录已失效。',
    wrongPassword: '当前密码不对。',
    look: '外观',
    language: '语言',
    theme: '主题',
    themes: { auto: '跟随系统', light: '浅色', dark: '深色' },
    languages: { auto: '跟随浏览器' },
    blocked: '黑名单',
    nobodyBlocked: '黑名单是空的。',
    keys: '快捷键',
    keyList: [
      ['Ctrl K', '查找会话'],
      ['Alt ↑ ↓', '上一个、下一个会话'],
      ['Ctrl F', '在会话中搜索'],
      ['↑ ↓', '在消息列表中逐条移动'],
      ['Esc', '关闭打开的面板'],
    ],
  },

  told: {
    joinRequest: (name, group) => `${name}申请加入“${group}”。`,
    accepted: '你的加群申请已通过。',
    refused: '你的加群申请未通过。',
    removed: (group) => `你已离开“${group}”。`,
  },

  notice: (notice, who, by) => {
    const name = who || by;
    switch (notice.event) {
      case 'created':
        return `${name}创建了群聊`;
      case 'joined':
        return who && by && who !== by ? `${by}将${who}加入了群聊` : `${name}加入了群聊`;
      case 'left':
        return `${name}退出了群聊`;
      case 'removed':
        return by ? `${by}将${who}移出了群聊` : `${name}被移出了群聊`;
      case 'banned':
        return by ? `${by}将${who}移出群聊并封禁` : `${name}被封禁`;
      case 'muted':
        return by ? `${by}将${who}禁言` : `${name}被禁言`;
      case 'unmuted':
        return by && who && by !== who ? `${by}解除了${who}的禁言` : `${name}的禁言已解除`;
      case 'rights':
        return notice.rights === 'admin' ? `${name}成为管理员` : `${name}不再是管理员`;
      case 'owner':
        return `${name}成为群主`;
      case 'state':
        if (notice.state === 'muted') return `${by}开启了全员禁言`;
        return notice.state === 'adminsOnly' ? `${by}设置为仅群主和管理员发言` : `${by}允许所有人发言`;
      case 'updated':
        if (notice.groupName !== undefined) return `${by}把群名改为“${notice.groupName}”`;
        return notice.announcement ? `${by}发布公告：${notice.announcement}` : `${by}修改了群资料`;
      case 'dissolved':
        return `${by}解散了群聊`;
      case 'recalled':
        return `${by}撤回了一条消息`;
    }
  },

  official: (content) => `官方公告：${content}`,

  errors: {
    BAD_REQUEST: '请求无效，请检查输入。',
    UNAUTHENTICATED: '请重新登录。',
    BAD_CREDENTIALS: '用户名或密码错误。',
    FORBIDDEN: '你没有这个权限。',
    NOT_FOUND: '没有找到。',
    CONFLICT: '与已有内容冲突。',
    NOT_A_MEMBER: '你不是本群成员。',
    GROUP_DISSOLVED: '本群已解散。',
    GROUP_MUTED: '本群目前不允许你发言。',
    MEMBER_MUTED: '你已被禁言。',
    NO_COMMON_GROUP: '你和对方没有共同的群。',
    BLOCKED: '你们之间有一方已拉黑另一方。',
    RATE_LIMITED: '操作太频繁，请稍后再试。',
    UNAVAILABLE: '服务暂时不可用，请稍后再试。',
    INTERNAL: '服务器出错了。',
    DISCONNECTED: '没有连接到服务器。',
    TIMEOUT: '服务器没有及时回应。',
    CLOSED: '你已退出登录。',
    OUTBOX_FULL: '等待发送的消息太多。',
    PROTOCOL: '页面版本过旧，请刷新。',
  },
};
