"""Kanji that are written in two forms: the older or rarer one, and the one it is folded to. Data.

Of 常用漢字表 (2010) with its 康熙字典体 and 許容字体, those that reports use, and forms of one character by JIS X 0208
(1978, 1983) that systems still write.
"""

from collections.abc import Mapping
from typing import Final

_PAIRS: Final = """
頚頸 嚢囊 頬頰 繋繫 掻搔 填塡 剥剝 痩瘦 噛嚙 鈎鉤 弯彎 靱靭 躯軀 蝋蠟 鴬鶯 鹸鹼 麹麴 溌潑 醗醱 涜瀆 焔焰 箪簞
侠俠 祷禱 蝉蟬 賎賤 騨驒 腟膣 涙泪 臓臟 歯齒 脳腦 体體 検檢 断斷 対對 単單 転轉 変變 経經 軽輕 観觀 関關 帯帶
当當 声聲 処處 広廣 拡擴 圧壓 縦縱 総總 営營 栄榮 応應 穏穩 仮假 価價 画畫 会會 絵繪 覚覺 学學 楽樂 巻卷 気氣
帰歸 亀龜 旧舊 拠據 挙擧 峡峽 挟挾 狭狹 暁曉 区區 駆驅 径徑 茎莖 恵惠 渓溪 継繼 蛍螢 鶏鷄 芸藝 撃擊 欠缺 研硏
県縣 倹儉 剣劍 険險 圏圈 顕顯 験驗 厳嚴 効效 恒恆 鉱鑛 号號 国國 黒黑 砕碎 済濟 斎齋 剤劑 雑雜 参參 桟棧 蚕蠶
惨慘 賛贊 残殘 糸絲 児兒 湿濕 実實 写寫 釈釋 寿壽 収收 従從 渋澁 獣獸 粛肅 緒緖 叙敍 将將 称稱 焼燒 証證 奨奬
条條 状狀 乗乘 浄淨 剰剩 畳疊 嬢孃 譲讓 醸釀 触觸 嘱囑 真眞 寝寢 慎愼 尽盡 図圖 粋粹 酔醉 穂穗 随隨 髄髓 枢樞
数數 瀬瀨 斉齊 静靜 摂攝 窃竊 専專 浅淺 戦戰 践踐 銭錢 潜潛 繊纖 禅禪 双雙 壮壯 捜搜 挿插 巣巢 争爭 荘莊 装裝
騒騷 増增 蔵藏 即卽 属屬 続續 堕墮 台臺 択擇 沢澤 担擔 胆膽 団團 弾彈 遅遲 昼晝 虫蟲 鋳鑄 庁廳 聴聽 鎮鎭 逓遞
鉄鐵 点點 伝傳 党黨 盗盜 灯燈 稲稻 闘鬪 徳德 独獨 読讀 届屆 縄繩 弐貳 悩惱 廃廢 拝拜 売賣 麦麥 発發 髪髮 抜拔
蛮蠻 秘祕 浜濱 瓶甁 払拂 仏佛 併倂 並竝 辺邊 弁瓣 舗鋪 宝寶 豊豐 没沒 翻飜 満滿 黙默 弥彌 訳譯 薬藥 予豫 余餘
与與 誉譽 揺搖 様樣 謡謠 来來 乱亂 覧覽 竜龍 両兩 猟獵 緑綠 塁壘 励勵 礼禮 隷隸 霊靈 齢齡 恋戀 炉爐 労勞 楼樓
録錄 湾灣 高髙 崎﨑 吉𠮷 痴癡 峰峯 島嶋 群羣 裏裡
"""


VARIANTS: Final[Mapping[str, str]] = {pair[1]: pair[0] for pair in _PAIRS.split()}
"""Older or rarer form → the form that it is folded to. The first of a pair is the one that is kept."""
