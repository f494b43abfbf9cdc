"""The closed word lists of US addresses that decide how a text is cut: states, countries, units, directions."""

import re
from functools import lru_cache

_NO_LETTERS = re.compile(r"[\W_]+")


def _names(text: str) -> frozenset[str]:
    """The names between the bars of a text."""
    return frozenset(text.split("|"))


STATE_CODES = _names(
    "AL|AK|AS|AZ|AR|AA|AE|AP|CA|CO|CT|DE|DC|FL|GA|GU|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY"
    "|NC|ND|MP|OH|OK|OR|PA|PR|RI|SC|SD|TN|TX|VI|UT|VT|VA|WA|WV|WI|WY|FM|MH|PW"
)
STATE_NAMES = _names(
    "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|district of columbia|florida|georgia|guam"
    "|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota"
    "|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina"
    "|north dakota|ohio|oklahoma|oregon|pennsylvania|puerto rico|rhode island|south carolina|south dakota|tennessee"
    "|texas|utah|vermont|virginia|washington|west virginia|wisconsin|wyoming"
)
# Old abbreviations that are no ordinary words.
STATE_SHORTS = _names(
    "ala|ariz|ark|cal|calif|colo|conn|fla|ill|ind|kans|mich|minn|miss|mont|nebr|nev|okla|ore|penn|penna|tenn|tex|wash|wis|wisc|wyo"
    "|mass"
)
# Names that are a state and a large town: without a town before it, such a name is the town.
STATE_AND_TOWN = frozenset({"new york", "washington"})

# ZIP codes of these begin with 0, which spreadsheets lose.
STATES_WITH_SHORT_ZIPS = frozenset({"CT", "MA", "ME", "NH", "NJ", "PR", "RI", "VI", "VT"})

UNITED_STATES = frozenset({"us", "usa", "u s", "u s a", "united states", "united states of america", "estados unidos"})
COUNTRIES = _names(
    "afghanistan|albania|algeria|argentina|armenia|australia|austria|azerbaijan|bahamas|bahrain|bangladesh|barbados"
    "|belarus|belgie|belgique|belgium|belize|bermuda|bolivia|bosnia and herzegovina|brasil|brazil|britain|bulgaria"
    "|cambodia|cameroon|canada|chile|china|colombia|costa rica|croatia|cuba|cyprus|czech republic|czechia|danmark"
    "|denmark|deutschland|dominican republic|ecuador|egypt|eire|el salvador|england|espana|españa|estonia|ethiopia"
    "|finland|france|germany|ghana|great britain|greece|guatemala|haiti|holland|honduras|hong kong|hungary|iceland"
    "|india|indonesia|iran|iraq|ireland|israel|italia|italy|jamaica|japan|jordan|kazakhstan|kenya|korea|kuwait|latvia|lebanon"
    "|liechtenstein|lithuania|luxembourg|macau|malaysia|malta|mexico|méxico|monaco|morocco|nederland|nepal|netherlands"
    "|new zealand|nicaragua|nigeria|norge|northern ireland|norway|oman|österreich|pakistan|panama|paraguay|peru"
    "|philippines|poland|polska|portugal|qatar|romania|russia|russian federation|saudi arabia|schweiz|scotland|serbia"
    "|singapore|slovakia|slovenia|south africa|south korea|spain|sri lanka|suisse|suomi|sverige|sweden|switzerland"
    "|taiwan|tanzania|thailand|the netherlands|trinidad and tobago|tunisia|turkey|turkiye|türkiye|uae|u a e|uganda"
    "|u k|uk|ukraine|united arab emirates|united kingdom|uruguay|venezuela|viet nam|vietnam|wales|zimbabwe"
)
COUNTRY_CODES = _names(
    "AE|AR|AT|AU|BE|BG|BM|BR|BS|CA|CH|CL|CN|CO|CR|CY|CZ|DE|DK|DO|EC|EE|EG|ES|FI|FR|GB|GR|GT|HK|HN|HR|HU|ID|IE|IL|IN|IS"
    "|IT|JM|JP|KE|KR|KW|LT|LU|LV|MT|MX|MY|NG|NL|NO|NZ|PA|PE|PH|PK|PL|PT|QA|RO|RS|RU|SA|SE|SG|SI|SK|SV|TH|TR|TW|UA|UY|VE"
    "|VN|ZA|CAN|MEX|GBR|DEU|FRA|ESP|ITA|AUS|NZL|IRL|JPN|CHN|BRA|IND"
)
# Towns of the United States bear these names too; at the end of "line, name" the name is the town.
COUNTRY_AND_TOWN = _names(
    "belgium|brazil|chile|china|colombia|cuba|denmark|egypt|england|greece|holland|ireland|israel|italy|jamaica|jordan"
    "|lebanon|malta|mexico|morocco|netherlands|norway|oman|panama|peru|poland|scotland|singapore|spain|sweden|wales"
)
# Codes of a country and of a state, and how the state's ZIP codes begin: the ZIP before it decides.
CODE_OF_BOTH = {
    "AE": ("09",),
    "AR": ("71", "72"),
    "CA": ("90", "91", "92", "93", "94", "95", "96"),
    "CO": ("80", "81"),
    "DE": ("197", "198", "199"),
    "ID": ("83",),
    "IL": ("60", "61", "62"),
    "IN": ("46", "47"),
    "MT": ("59",),
    "PA": ("15", "16", "17", "18", "19"),
}
PROVINCES = _names("AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT")

UNIT_WORDS = _names(
    "apartamento|apartment|apartments|apmt|appartment|appt|apt|aptmt|basement|bldg|bldng|bsmt|building|depto|dept"
    "|department|fl|floor|flr|front|frnt|hangar|hngr|key|lbby|lobby|lot|lower|lowr|lt|mailstop|ms|no|num|number|ofc"
    "|office|penthouse|ph|pier|rear|rm|room|side|slip|sp|space|spc|ste|stop|suit|suite|sute|trailer|trlr|unit|unt|upper"
    "|uppr"
)
# These say which unit without an identifier.
LONE_UNIT_WORDS = _names("basement|bsmt|front|frnt|lbby|lobby|lower|lowr|penthouse|ph|rear|side|upper|uppr")
# At the end of a street line these begin a unit; others ("Front", "Lot") may be part of a street's name.
LINE_END_UNIT_WORDS = _names("apartment|apt|bldg|building|fl|floor|rm|room|ste|suite|trlr|unit")
# No town's name begins with one of these ("Upper" and "Key" do).
NEVER_A_TOWN = _names("apartment|apt|bldg|building|floor|room|ste|suite|unit")
DIRECTIONS = _names("n|s|e|w|ne|nw|se|sw|north|south|east|west|northeast|northwest|southeast|southwest")
# No town's name ends with one of these.
STREET_ENDINGS = _names(
    "street|str|st|avenue|ave|road|rd|drive|dr|lane|ln|boulevard|blvd|highway|hwy|parkway|pkwy|circle|cir|freeway|fwy"
    "|turnpike|tpke|expressway"
)
# With a direction before them and no name they are types all the same: "100 South St", "3111 West Place".
PLAIN_TYPES = STREET_ENDINGS | {"court", "ct", "pl", "place", "sq", "square", "ter", "terrace", "way"}
NUMBER_WORDS = _names("one|two|three|four|five|six|seven|eight|nine|ten")


# Lists of addresses name the same towns and states again and again.
@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Small letters, with one blank for every run of other characters."""
    return _NO_LETTERS.sub(" ", text.lower()).strip()


@lru_cache(maxsize=20_000)
def is_state(text: str) -> bool:
    """Whether a text is a state's code, name or old abbreviation, dots or not."""
    name = folded(text)
    is_code = len(name) <= 3 and name.replace(" ", "").upper() in STATE_CODES
    return is_code or name in STATE_NAMES or name in STATE_SHORTS
