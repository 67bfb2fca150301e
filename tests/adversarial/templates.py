"""How hospitals dictate: fragments of reports with slots for identifiers in braces."""

OPENINGS = [
    "【検査情報】\n患者氏名：{own_wide}　ID：{pid}\n検査日：{d_kanji}",
    "胸腹部CT　{own_spaced} 殿 ({birth_s}生)",
    "依頼科より　{own_family}さん、{d_r}の造影CTです。",
    "ﾌﾘｶﾞﾅ {own_half}　生年月日 {birth_showa}\n依頼医：{doctor_family}",
    "氏名 {own_split}\n患者番号 {pid_wide} 性別 女",
    "ID:{pid_bare} {own_kana} 様 撮影 {d_compact}",
    "検査番号 {acc}\n読影日 {d_slash}",
    "＜依頼情報＞ {hosp}　{ward} {room}",
    "受付番号:{acc_dashed} 氏 名 : {own_inner}",
    "",
]
FINDINGS = [
    "{d_short}のCTと比較しました。",
    "前回({d_slash})と比べ著変ありません。",
    "{d_md}撮影の前医画像({hosp_short})と比較。",
    "{d_last}のMRIと比較すると増大しています。",
    "{d_wareki}手術後。",
    "{d_warekikanji}に{hosp2}にてPCI施行。",
    "{d_h}に胃切除の既往あり。",
    "前回検査 {acc_other} 参照。",
    "旧ID {old_pid} の画像も参照しました。",
    "{own_family}さんの訴える右季肋部痛の原因となる所見は指摘できません。",
    "{own_old}様は体動が強く、画質はやや不良です。",
    "{own_hira}さん本人に確認済み。",
    "ペースメーカ植込み後（製造番号{pacemaker}）。",
    "装置 S/N {serial} にアーチファクトあり、メーカー連絡済。",
    "{old_age}と高齢であり、造影剤は減量した。",
    "{d_wide}に{doctor_family}Drより電話あり。",
    "比較：{d_dotted}、{d_yy}。",
]
NOTES = [
    "※{doctor_family}先生に電話連絡済み（PHS {ext}）。",
    "依頼医 {doctor_kanji} 内線{ext}に報告した。",
    "緊急所見のため{ward}看護師{nurse_family}へ{d_short} 15:20に連絡。",
    "Ns.{nurse_kanji}に伝達。",
    "長男の{other_kanji}氏(携帯 {tel_mobile})に説明。",
    "ご家族（妻 {other_kanji}、{tel_bare}）同席。",
    "KP: 娘 {other_kana} tel {tel_spaced}",
    "キーパーソン：{other_wide}（長女）　連絡先{tel_wide}",
    "救急搬送時、車両{plate}に同乗の{other_family}様より聴取。",
    "本人は「{own_nick}」と呼ばれている。",
    "{own_initial}氏の症例はカンファ提示予定。",
    "追記 {d_iso} {doctor_spaced}: 上記左右の誤記を訂正。",
    "【追記】{doctor_old}医師の指摘により再読影。",
    "読影医：{doctor_kanji}／確認：{other_family}",
    "{own_given}ちゃんは鎮静下に撮影。",
    "住所変更あり：{addr_kanji}",
    "介護施設より来院、{addr_chome}在住。",
]
LETTERS = [
    "＞＞ 紹介状より\n{hosp2} {doctor_family} 先生 御侍史\n"
    "いつもお世話になっております。{own_kanji}様（{birth_wide}生、{addr_plain}）"
    "をご紹介申し上げます。{d_kanji}より背部痛あり。\n"
    "〒{postal} {addr_wide}\nTEL {tel_dash} FAX {tel_paren}\n院長 {other_spaced}",
    "--- 診療情報提供書（貼付）---\n〒{postal_wide}　{addr_flat}\n{hosp_short} 地域連携室\n電話{tel_kanji}"
    "（内線{ext}）\n"
    "mail: {mail}\n担当 {nurse_kanji}\n紹介患者：{own_upper} DOB {birth_iso}",
    "被保険者証 記号・番号 {insured}　保険者番号 {insurer}\n世帯主 {other_wide}\n個人番号 {mynumber}",
    "[問診票OCR] 氏名{own_half} 住所{addr_half} でんわ {tel_choon} 保険者番号{insurer}",
    "予約サイト {url_bare} または {mail_wide} まで。画像は {url} を参照。",
    "マイナ保険証で確認（{mynumber_bare}）。連絡先 {tel_dots}、緊急連絡先 {tel_intl}。",
    "",
    "",
    "",
]
SIGNATURES = [
    "読影：{doctor_spaced}\n{hosp} 放射線診断科",
    "放射線科　{doctor_family}／{other_family}",
    "({doctor_swapped}, MD)",
    "一次読影 {other_old} 二次読影 {doctor_kanji}",
    "診断専門医 {doctor_kanji}　{d_slash}\n{hosp_own_short}画診センター {tel_dash}",
    "文責:{doctor_kana}",
    "{other_split}",
    "",
]
ENGLISH = [
    "CT CHEST WITH CONTRAST\nPatient: {own_upper}  MRN {pid}  DOB: {birth_iso}\nExam date: {d_us}",
    "{own_swapped} was referred by Dr. {doctor_roman} at {hosp_en}.",
    "Compared with the study of {d_english} ({acc_other}).",
    "Ms. {foreign} was informed by phone ({tel_intl}).",
    "Findings discussed with Dr {doctor_upper} on {d_us} at 14:05, ext. {ext}.",
    "Mr. {own_initialed} tolerated the procedure well.",
    "Her husband {foreign} can be reached at {tel_dash}.",
    "MRN: {pid_dashed}, previously {old_pid}.",
    "Prior imaging from {hosp_en} dated {d_iso} reviewed; see {url}.",
    "Electronically signed by {doctor_swapped}, {mail}",
    "Dictated by: {doctor_initialed}  Transcribed: {d_iso}",
    "{own_roman} has a pacemaker, serial number {pacemaker}.",
    "cc: {foreign}, RN; {doctor_roman}",
]
