"""
Japanese log lines in four charsets, and EUC-JP as Windows writes it, which Python cannot encode.

Made up for these tests: event texts, device messages, file names, short words; with and without a syslog header.
"""

TEXTS = """
サービス「印刷スプーラー」が予期せず停止しました。
利用者 yamada のログインに失敗しました: パスワードが違います
接続元 192.0.2.44 からの着信を拒否しました
ディスク使用率が 95％ を超えました（/var）
メモリー不足のためプロセス httpd を終了しました
設定ファイルを読み込めません: C:\\設定\\表示.ini
バックアップ処理を開始します
バックアップ処理が正常に終了しました
電源装置2の異常を検知しました。至急確認してください。
証明書の期限まで残り 7 日です
時計がずれています: 差は －3 秒
ネットワークケーブルが抜けています
リンクアップ: ポート 24
温度警告: 吸気 41℃
無停電電源装置がバッテリー運転に切り替わりました
共有フォルダ「経理部」へのアクセスが拒否されました
印刷待ち行列に 12 件の文書があります
新しいデバイスが見つかりました
再起動の予約: 午前三時
ソフトウェアの更新を適用しました
予期しないエラー。能力が不足しています
構成証明に失敗しました
十分な権限がありません
暗号化された通信路を確立できません
①番目の系統に切り替えました
㈱サンプル商事 髙橋さんの端末が応答しません
差出人 﨑山、宛先 ～～～
障害
回復
警告: 要確認
完了しました
電池切れ
通信断
異常なし
承認済
重複したアドレスを検出しました
監視対象を追加しました
名前解決ができません
署名が無効です
起動
停止中
操作者が手動で停止
処理時間超過
要求を受け付けました
データベースの整合性検査で不一致が見つかりました
セッションの有効期限が切れました
""".strip().splitlines()

HALF_WIDTH = ["ﾌﾟﾘﾝﾀｰ ｵﾌﾗｲﾝ", "ﾃﾞｰﾀ受信中", "ｻｰﾊﾞｰ再起動", "ﾊﾟｽﾜｰﾄﾞ ｴﾗｰ", "ﾒﾓﾘ ﾌｿｸ", "ﾊﾞｯﾃﾘｰ低下", "ｾｷｭﾘﾃｨ ｱﾗｰﾑ"]

LINES = [
    header + text
    for text in TEXTS + HALF_WIDTH
    for header in ("", "<133>Oct  5 07:08:09 kanri01 gyomu[77]: ", "<11>Oct  5 07:08:09 kanri01 system[error] 41 N/A ")
]

_TO_ESCAPES = {"half": b"\x1b(I", "pair": b"\x1b$B", "ascii": b"\x1b(B"}


def windows_euc(text: str) -> bytes:
    """EUC-JP with NEC row 13 and the NEC-selected kanji, by arithmetic from CP932."""
    return b"".join(_euc(char) for char in text)


def windows_jis(text: str) -> bytes:
    """ISO-2022-JP with half-width kana and the same characters."""
    out, state = b"", "ascii"
    for char in text:
        euc = _euc(char)
        new = "ascii" if euc.isascii() else "half" if euc[:1] == b"\x8e" else "pair"
        seven = bytes(byte & 0x7F for byte in euc[-1 if new == "half" else 0 :])
        out, state = out + (b"" if new == state else _TO_ESCAPES[new]) + seven, new
    return out if state == "ascii" else out + _TO_ESCAPES["ascii"]


def _euc(char: str) -> bytes:
    raw = char.encode("cp932")
    if len(raw) == 1:
        return raw if raw < b"\x80" else b"\x8e" + raw
    lead, trail = _nec_selected(raw)
    row = 2 * (lead - (0x71 if lead <= 0x9F else 0xB1)) + 1 + (trail >= 0x9F)
    cell = trail - (0x7E if trail >= 0x9F else 0x20 if trail > 0x7F else 0x1F)
    return bytes((row | 0x80, cell | 0x80))


def _nec_selected(pair: bytes) -> bytes:
    """IBM's kanji (rows FA to FC) where NEC has them as well (ED and EE), which fits into EUC."""
    if pair[0] < 0xFA:
        return pair
    char = pair.decode("cp932")
    trails = (*range(0x40, 0x7F), *range(0x80, 0xFD))
    nec = (bytes((lead, trail)) for lead in (0xED, 0xEE) for trail in trails)
    return next(other for other in nec if other.decode("cp932", "replace") == char)


ENCODERS = {
    "utf-8": str.encode,
    "cp932": lambda text: text.encode("cp932"),
    "euc-jp": windows_euc,
    "iso-2022-jp": windows_jis,
}
