"""
The labels that stand in the texts of Windows' events, in English and Japanese, and the names of the data behind them.

The names are those that Windows itself gives the data since Vista, and that Sigma's rules use. Windows 2000, XP and
2003 only have the labels: where a later event says the same, theirs gets that event's name. Under a heading
(``Subject:``) a label may mean another thing than elsewhere: that tells the two accounts apart that an event may name.
"""

from collections.abc import Mapping

_ID, _NAME, _DOMAIN, _LOGON = (
    "Security ID|セキュリティ ID",
    "Account Name|User Name|Group Name|アカウント名|ユーザー名|グループ名",
    "Account Domain|Domain|Domain Name|Group Domain|アカウント ドメイン|ドメイン|ドメイン名|グループ ドメイン",
    "Logon ID|ログオン ID",
)


def _account(prefix: str, sid: str = "UserSid") -> dict[str, str]:
    """What the labels of an account are called under a heading that says whose account it is."""
    return {_ID: prefix + sid, _NAME: f"{prefix}UserName", _DOMAIN: f"{prefix}DomainName", _LOGON: f"{prefix}LogonId"}


_ATTRIBUTES = {
    "Account Name|SAM Account Name|SAM アカウント名": "SamAccountName",
    "Display Name|表示名": "DisplayName",
    "User Principal Name|ユーザー プリンシパル名": "UserPrincipalName",
    "User Account Control|ユーザー アカウント制御": "UserAccountControl",
    "Allowed To Delegate To|委任先として許可": "AllowedToDelegateTo",
}

_HEADINGS: dict[str, Mapping[str, str]] = {
    "Subject|Changed By|By|サブジェクト|変更者|実行者": _account("Subject"),
    "Logged on user|ログオンしたユーザー": _account("Subject"),
    "A new process has been created|新しいプロセスが作成されました": _account("Subject"),
    "A process has exited|プロセスが終了しました": _account("Subject")
    | {"Image File Name|イメージ ファイル名": "ProcessName"},
    "New Logon|新しいログオン": _account("Target"),
    "Account For Which Logon Failed|ログオンを失敗したアカウント": _account("Target"),
    "Account Whose Credentials Were Used|資格情報が使用されたアカウント": _account("Target"),
    "Account Information|アカウント情報": _account("Target", "Sid"),
    "Target Account|ターゲット アカウント|対象のアカウント|対象アカウント": _account("Target", "Sid"),
    "New Account|新しいアカウント": _account("Target", "Sid"),
    "Account That Was Locked Out|ロックアウトされたアカウント": _account("Target", "Sid"),
    "Group|Deleted Group|New Group|グループ|削除されたグループ|新しいグループ": _account("Target", "Sid"),
    "Member|メンバー": _account("Member", "Sid") | {_NAME: "MemberName"},
    "Attributes|Changed Attributes|属性|変更された属性": _ATTRIBUTES,
    "Service Information|サービス情報": {
        "Service File Name|サービス ファイル名": "ServiceFileName",
        "Service Start Type|サービス開始の種類|サービスの開始の種類": "ServiceStartType",
        "Service Account|サービス アカウント": "ServiceAccount",
        "Service ID|サービス ID": "ServiceSid",
    },
    "Process Information|プロセス情報": {"Name|名前": "ProcessName"},
    "Application Information|アプリケーション情報": {
        "Process ID|プロセス ID": "ProcessID",
        "Source Port|ソース ポート|送信元ポート": "SourcePort",
    },
    "Additional Information|追加情報": {},
    "Failure Information|エラー情報|失敗情報": {},
    "Logon Information|ログオン情報": {},
    "Detailed Authentication Information|詳細な認証情報": {},
    "Target Server|ターゲット サーバー|対象サーバー": {"Additional Information|追加情報": "TargetInfo"},
    "Audit Policy Change|監査ポリシーの変更": {},
    "New Policy|新しいポリシー": {},
    "Filter Information|フィルター情報": {},
}

_LABELS = {
    _ID: "TargetUserSid",
    _NAME: "TargetUserName",
    _DOMAIN: "TargetDomainName",
    _LOGON: "TargetLogonId",
    # Logons: 528–540, 551, 552, 576, 672–681, 4624, 4625, 4648, 4768–4776
    "Logon Type|ログオンの種類|ログオン タイプ": "LogonType",
    "Logon Process|ログオン プロセス": "LogonProcessName",
    "Authentication Package|認証パッケージ": "AuthenticationPackageName",
    "Logon attempt by|Account Used for Logon by|by|ログオンの試行者|ログオン試行者": "PackageName",
    "Logon account|Logon Account|The logon to account|Supplied Account Name|ログオン アカウント": "TargetUserName",
    "Supplied Realm Name|User Domain|指定された領域名|提供された領域名": "TargetDomainName",
    "User ID|ユーザー ID": "TargetSid",
    "Workstation Name|ワークステーション名": "WorkstationName",
    "Source Workstation|Workstation|from workstation|ソース ワークステーション|ワークステーション": "Workstation",
    "Source Network Address|ソース ネットワーク アドレス": "IpAddress",
    "Client Address|Network Address|クライアント アドレス|ネットワーク アドレス": "IpAddress",
    "Source Port|Client Port|Port|ソース ポート|クライアント ポート|ポート": "IpPort",
    "Error Code|Failure Code|Result Code|エラー コード|失敗コード|結果コード": "Status",
    "Status|Status code|The error code was|ステータス|状態コード|ステータス コード": "Status",
    "Sub Status|Substatus code|サブ ステータス|サブ状態コード": "SubStatus",
    "Failure Reason|Reason|失敗の原因|失敗の理由|理由|原因": "FailureReason",
    "Logon GUID|ログオン GUID": "LogonGuid",
    "Linked Logon ID|リンクされたログオン ID": "TargetLinkedLogonId",
    "Network Account Name|ネットワーク アカウント名": "TargetOutboundUserName",
    "Network Account Domain|ネットワーク アカウント ドメイン": "TargetOutboundDomainName",
    "Impersonation Level|偽装レベル": "ImpersonationLevel",
    "Elevated Token|昇格されたトークン": "ElevatedToken",
    "Virtual Account|仮想アカウント": "VirtualAccount",
    "Restricted Admin Mode|制限された管理モード": "RestrictedAdminMode",
    "Transited Services|移行されたサービス": "TransmittedServices",
    "Package Name (NTLM only)|パッケージ名 (NTLM のみ)": "LmPackageName",
    "Key Length|キーの長さ": "KeyLength",
    "Ticket Options|チケット オプション": "TicketOptions",
    "Ticket Encryption Type|チケット暗号化の種類": "TicketEncryptionType",
    "Pre-Authentication Type|事前認証の種類": "PreAuthType",
    "Target User Name|ターゲット ユーザー名": "TargetUserName",
    "Target Server Name|ターゲット サーバー名|対象サーバー名": "TargetServerName",
    "Target Server Info|ターゲット サーバー情報|対象サーバー情報": "TargetInfo",
    # Accounts and groups: 624–667, 4720–4767
    "Target Account Name|Old Account Name|対象アカウント名|ターゲット アカウント名": "TargetUserName",
    "Target Domain|対象ドメイン|ターゲット ドメイン": "TargetDomainName",
    "Target Account ID|対象アカウント ID|ターゲット アカウント ID": "TargetSid",
    "New Account Name|新しいアカウント名": "TargetUserName",
    "New Domain|新しいドメイン": "TargetDomainName",
    "New Account ID|新しいアカウント ID": "TargetSid",
    "Member Name|メンバー名": "MemberName",
    "Member ID|メンバー ID": "MemberSid",
    "Caller Machine Name|Caller Computer Name": "TargetDomainName",
    "呼び出し側コンピューター名|呼び出し元コンピューター名": "TargetDomainName",
    "Caller User Name|Client User Name|呼び出し側ユーザー名|クライアント ユーザー名": "SubjectUserName",
    "Caller Domain|Client Domain|呼び出し側ドメイン|クライアント ドメイン": "SubjectDomainName",
    "Caller Logon ID|Client Logon ID|呼び出し側ログオン ID|クライアント ログオン ID": "SubjectLogonId",
    "Primary User Name|プライマリ ユーザー名": "PrimaryUserName",
    "Primary Domain|プライマリ ドメイン": "PrimaryDomainName",
    "Primary Logon ID|プライマリ ログオン ID": "PrimaryLogonId",
    "Privileges|Assigned|特権|割り当て|割り当て済み": "PrivilegeList",
    # Processes and services: 577, 592, 593, 601, 4688, 4689, 4697, 7045
    "Service Name|サービス名": "ServiceName",
    "Service ID|サービス ID": "ServiceSid",
    "Service File Name|サービス ファイル名": "ImagePath",
    "Service Type|サービスの種類": "ServiceType",
    "Service Start Type|サービス開始の種類|サービスの開始の種類": "StartType",
    "Service Account|サービス アカウント": "AccountName",
    "New Process ID|新しいプロセス ID": "NewProcessId",
    "New Process Name|Image File Name|新しいプロセス名|イメージ ファイル名": "NewProcessName",
    "Creator Process ID|クリエーター プロセス ID|作成元プロセス ID": "ProcessId",
    "Creator Process Name|クリエーター プロセス名|作成元プロセス名": "ParentProcessName",
    "Process Command Line|プロセス コマンド ライン|プロセスのコマンド ライン": "CommandLine",
    "Token Elevation Type|トークン昇格の種類": "TokenElevationType",
    "Process ID|Caller Process ID|プロセス ID|呼び出し側プロセス ID": "ProcessId",
    "Process Name|Caller Process Name|プロセス名|呼び出し側プロセス名": "ProcessName",
    "Exit Status|終了状態": "Status",
    # The system: 520, 612, 4616, 4719
    "Previous Time|以前の日時|以前の時刻|前の時刻": "PreviousTime",
    "New Time|新しい日時|新しい時刻": "NewTime",
    "Category|カテゴリ": "CategoryId",
    "Subcategory|サブカテゴリ": "SubcategoryId",
    "Subcategory GUID|サブカテゴリ GUID": "SubcategoryGuid",
    "Changes|変更|変更内容": "AuditPolicyChanges",
    # The firewall: 861, 5156–5159
    "Path|Application Name|パス|アプリケーション名": "Application",
    "Process identifier|プロセス識別子": "ProcessId",
    "User account|ユーザー アカウント": "UserAccount",
    "User domain|ユーザー ドメイン": "UserDomain",
    "IP version|IP バージョン": "IpVersion",
    "IP protocol|Protocol|IP プロトコル|プロトコル": "Protocol",
    "Port number|ポート番号": "SourcePort",
    "Name|名前": "Name",
    "Service|サービス": "Service",
    "RPC server|RPC サーバー": "RpcServer",
    "Allowed|許可": "Allowed",
    "User notified|ユーザーへの通知": "UserNotified",
    "Direction|方向": "Direction",
    "Source Address|ソース アドレス|送信元アドレス": "SourceAddress",
    "Destination Address|宛先アドレス": "DestAddress",
    "Destination Port|宛先ポート": "DestPort",
    "Filter Run-Time ID|フィルター ランタイム ID|フィルターの実行時 ID": "FilterRTID",
    "Layer Name|レイヤー名": "LayerName",
    "Layer Run-Time ID|レイヤー ランタイム ID|レイヤーの実行時 ID": "LayerRTID",
    "Network Information|ネットワーク情報": "",
}
"""No name: what stands there is a heading that changes nothing."""


def key_of(label: str) -> str:
    """
    A label as the tables have it. Japanese ones are written with and without blanks between words, and long vowels at
    the end of words came and went with the versions: ユーザ名, ユーザー名.
    """
    return label if label.isascii() else label.replace(" ", "").replace("ー", "")


def _by_label(table: Mapping[str, str]) -> dict[str, str]:
    return {key_of(label): name for labels, name in table.items() for label in labels.split("|")}


LABELS = _by_label(_LABELS)
"""The name of the data behind a label, wherever no heading says otherwise."""

HEADINGS = {key_of(label): _by_label(table) for labels, table in _HEADINGS.items() for label in labels.split("|")}
"""What labels are called under each heading, where that is something of its own."""

DATA = frozenset(name for table in (LABELS, *HEADINGS.values()) for name in table.values() if name)
"""The names of all data that have one."""

KNOWN = LABELS.keys() | HEADINGS.keys() | {label for table in HEADINGS.values() for label in table}

WIDEST = 48
"""No label has more characters."""
