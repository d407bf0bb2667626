"""Tables, indexes and keys: the one place where they are spelled.

Access patterns (the same table, with the cost of each, is in docs/architecture.md; a test holds the two together):

| # | pattern | table / index | partition | sort key |
|---|---|---|---|---|
| 1 | customer by id | shop | `C#cid` | `A` |
| 2 | customer by e-mail address | shop | `E#address` | `E` |
| 3 | customers by beginning of a word | shop | `S#` + first two letters | `word#cid` |
| 4 | customers of a tag or a country, newest first | shop | `T#tag`, `N#country` | `created#cid` |
| 5 | top customers by revenue, all time or a month | shop / by_revenue | `ALL#shard`, `2026-11#shard` | rank |
| 6 | top customers by orders, all time or a month | shop / by_orders | `ALL#shard`, `2026-11#shard` | rank |
| 7 | newest customers | shop / timeline | `CUSTOMERS#shard` | `created#cid` |
| 8 | orders of a customer, newest first | shop | `C#cid` | `O#oid` |
| 9 | orders by day range and status | shop / timeline | `ORDERS#2026-11#status` | `placed#oid` |
| 10 | order by the number of its source, or its own | shop | `R#source#reference`, `R##number` | `R` |
| 11 | day totals of a range | shop | `DAYS#2026` | `11-26#shard` |
| 12 | number of customers by tag or country | shop | `COUNTS#tag`, `COUNTS#country` | `value#shard` |
| 13 | notes and activity of a customer, newest first | shop | `C#cid` | `V#at#id` |
| 14 | months of a customer | shop | `C#cid` | `M#2026-11` |
| 15 | team members | shop | `TEAM` | `U#username` |
| 16 | failed sign-ins of an account or an address | shop | `F#kind#hash` | `F` |
| 116 | sessions of a member | shop | `SESSIONS#username` | id |
| 117 | emails to members about their accounts | shop | `NOTICES` | `at#id` |
| 17 | jobs, newest first | mail | `JOBS` | `J#jid` |
| 18 | one setting or marker | shop | `META` | name |
| 19 | templates and which version is in use | shop | `TEMPLATES` | name |
| 20 | versions of a template, newest first; its working copy | shop | `TPL#name` | `V#000012`, `W` |
| 21 | a template exactly as it was when something was sent | shop | `EDITION#digest` | `E` |
| 22 | suppressions of many addresses | mail | `X#hash` | `X` |
| 23 | history of a suppression, newest first | mail | `X#hash` | `H#at#id` |
| 24 | suppressed addresses, newest first | mail / timeline | `SUPPRESSED#reason` | `at#hash` |
| 25 | rate window of a transport | mail | `RATE#transport` | `RATE` |
| 26 | messages of a customer; one message by its id | mail | `C#cid` | `E#key` |
| 27 | message log of a day, newest first | mail / timeline | `MAIL#day#shard` | `at#id` |
| 28 | messages that are due, or whose lease has run out | mail / work | `WORK#shard` | `due#id` |
| 29 | failed and unknown messages, newest first | mail / work | `ATTENTION#status` | `at#id` |
| 30 | send statistics of a day | mail | `HOURS#2026-11-26` | `13#template#shard` |
| 31 | the shop's facts at the time of a message | mail | `FACTS#digest` | `F` |
| 32 | what a customer chose about marketing mail | mail | `P#cid` | `P` |
| 41 | recent marketing messages of many customers | mail | `P#cid` | `F` |
| 33 | audit log of a month, newest first | shop | `AUDIT#2026-11` | `at#id` |
| 49 | seals of the audit log by day | shop | `SEALS` | `2026-11-26` |
| 34 | archived customers, newest first | shop | `L#archived` | `created#cid` |
| 35 | events of a message, oldest first | mail | `C#cid` | `V#key#at#digest` |
| 36 | dead letters, newest first | mail | `DEADLETTERS` | `at#digest` |
| 37 | clicks of a campaign by link | mail | `K#campaign` | `LINK#digest#shard` |
| 38 | how events were taken in, by minute | mail | `EVENTS#2026-11-26` | `13:05` |
| 39 | customer by phone, or by id at the source of orders | shop | `I#kind#value` | `I` |
| 44 | processes and what they do | mail | `BEATS` | `B#process` |
| 45 | use of the store in a month by day | mail | `USAGE#2026-11` | `26` |
| 46 | how long actions took in a month by day | mail | `TOOK#2026-11` | `26#kind` |
| 47 | alerts that are open | mail | `ALERTS` | `rule#subject` |
| 48 | alerts of a month, newest first | mail | `ALERTS#2026-11` | `at#id` |
| 50 | saved segments; one by its id | shop | `SEGMENTS` | id |
| 54 | campaigns, newest first | mail / timeline | `CAMPAIGNS` | `created#id` |
| 55 | campaigns that a worker has to look at | mail / work | `CAMPAIGNS` | `due#id` |
| 56 | how far a campaign is | mail | `K#campaign` | `A`, `SENT#shard`, `STAT#shard` |
| 57 | parts of a campaign that are free | mail / work | `CHUNKS#campaign` | `wave#due#cid` |
| 58 | the state of a customer in a campaign, and why | mail | `K#campaign` | `CHUNK#wave#cid`, `SKIP#wave#cid#place` |
| 59 | how far each part of a campaign is | mail | `K#campaign` | `STEP#wave#cid` |
| 60 | preflights that wait for a worker | mail / work | `PREFLIGHTS` | `due#id` |
| 61 | automations | shop | `AUTOMATIONS` | `auto-id` |
| 62 | triggers that are due | mail / work | `TRIGGERS#shard` | `due#cid#automation` |
| 63 | triggers of an automation, the next first | mail / work | `TRIGGERS#shard` | `due#cid#automation` |
| 64 | figures of an automation | mail | `AUTO#id`, `K#id` | `STAT#shard` |
| 65 | records that cannot be read | mail | `UNREADABLE` | digest |
| 66 | message by the id that the provider gave it | mail / work | `PROVIDER#hash` | `-` |
| 67 | postal addresses of a customer | shop | `C#cid` | `P` |
| 70 | API keys; one by its prefix | shop | `APIKEYS` | prefix |
| 71 | what became of a request with an idempotency key | mail | `ONCE#caller#hash` | `R` |
| 72 | requests of an API key or an address in a window of time | mail | `CALLS#caller#window` | `N` |
| 80 | connected shops; what each brought | shop, mail | `CONNECTIONS`, `H#connection` | id, `FIGURES`, `COMPARISON` |
| 81 | deliveries that wait for a worker | mail / work | `DELIVERIES#shard` | `due#id` |
| 82 | deliveries of a connection that failed, newest first | mail / work | `UNDELIVERED#connection` | `at#id` |
| 83 | a delivery, with all of its body | mail | `H#connection` | `D#hash`, `P#hash#number` |
| 84 | requests of customers about their data | shop | `PRIVACY` | id |
| 85 | endpoints of webhooks out | shop | `ENDPOINTS` | id |
| 86 | events of an endpoint, newest first | mail | `W#endpoint` | `at#id` |
| 87 | events that have to be posted | mail / work | `OUTGOING#shard` | `due#id` |
| 88 | erasures; one by its customer | mail | `ERASURES` | cid |
| 89 | merges of customers; one by who is gone | mail | `MERGES` | cid |
| 90 | products; one by its id | shop | `PRODUCTS` | pid |
| 91 | best products by revenue, all or a month | shop / by_revenue | `SOLD#ALL#shard`, `SOLD#2026-11#shard` | rank |
| 92 | best products by units, all or a month | shop / by_orders | `SOLD#ALL#shard`, `SOLD#2026-11#shard` | rank |
| 93 | what was sold of each product on the days of a month | shop | `SOLD#2026-11` | pid |
| 94 | orders that product figures do not count yet | shop / by_revenue | `UNCOUNTED#shard` | place |
| 95 | saved views of a list; those of one person | shop | `VIEWS#page` | `owner#digest` |
| 96 | recorded changes, newest first; one by its id | shop | `CHANGES` | id |
| 97 | what a change touched | shop | `CHANGE#id` | `kind#thing#step` |
| 78 | draft orders in a state, the last changed first | shop / timeline | `DRAFTS#state` | `changed#did` |
| 79 | draft orders of a customer, the newest first | shop | `C#cid` | `D#did` |

A rank is one integer, `value * RANK_UNIT + tie`: the figure in the leading digits, and below it a number that is
larger for a smaller customer id. Additions change the figure and keep the tie, so every leaderboard has one
total order on every engine.

Items that are of use for a time only carry `expires` (`port.EXPIRES`): failed sign-ins, sessions, events of the mail
provider, idempotent requests and request limits of the API.
"""

from backend.store.schema.api import *
from backend.store.schema.automations import *
from backend.store.schema.campaigns import *
from backend.store.schema.changes import *
from backend.store.schema.connections import *
from backend.store.schema.customers import *
from backend.store.schema.erasure import *
from backend.store.schema.events import *
from backend.store.schema.feed import *
from backend.store.schema.merges import *
from backend.store.schema.messages import *
from backend.store.schema.orders import *
from backend.store.schema.outgoing import *
from backend.store.schema.products import *
from backend.store.schema.suppression import *
from backend.store.schema.system import *
from backend.store.schema.tables import *
from backend.store.schema.templates import *
from backend.store.schema.views import *
