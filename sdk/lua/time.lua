---@meta time

---Nanoseconds, a text such as "5ms" or "1h30m", or a duration object.
---@alias troupe.DurationLike number|string|troupe.Duration

---The clock of the runtime, and times, durations and locations as objects. There is no local time.
---@class troupe.time
local time = {}

-- Durations, in nanoseconds.

time.NANOSECOND = 1
time.MICROSECOND = 1000
time.MILLISECOND = 1000000
time.SECOND = 1000000000
time.MINUTE = 60000000000
time.HOUR = 3600000000000

-- Layouts: how Mon Jan 2 15:04:05 MST 2006 is written.

time.RFC3339 = "2006-01-02T15:04:05Z07:00"
time.RFC3339NANO = "2006-01-02T15:04:05.999999999Z07:00"
time.RFC822 = "02 Jan 06 15:04 MST"
time.RFC822Z = "02 Jan 06 15:04 -0700"
time.RFC850 = "Monday, 02-Jan-06 15:04:05 MST"
time.RFC1123 = "Mon, 02 Jan 2006 15:04:05 MST"
time.RFC1123Z = "Mon, 02 Jan 2006 15:04:05 -0700"
time.KITCHEN = "3:04PM"
time.STAMP = "Jan _2 15:04:05"
time.STAMP_MILLI = "Jan _2 15:04:05.000"
time.STAMP_MICRO = "Jan _2 15:04:05.000000"
time.STAMP_NANO = "Jan _2 15:04:05.000000000"
time.DATE_TIME = "2006-01-02 15:04:05"
time.DATE_ONLY = "2006-01-02"
time.TIME_ONLY = "15:04:05"

-- Months.

time.JANUARY = 1
time.FEBRUARY = 2
time.MARCH = 3
time.APRIL = 4
time.MAY = 5
time.JUNE = 6
time.JULY = 7
time.AUGUST = 8
time.SEPTEMBER = 9
time.OCTOBER = 10
time.NOVEMBER = 11
time.DECEMBER = 12

-- Weekdays.

time.SUNDAY = 0
time.MONDAY = 1
time.TUESDAY = 2
time.WEDNESDAY = 3
time.THURSDAY = 4
time.FRIDAY = 5
time.SATURDAY = 6

---@type troupe.Location
time.utc = nil

---UTC, too.
---@type troupe.Location
time.localtz = nil

---The present time.
---@return troupe.Time time
function time.now() end

---What is out of its range rolls over: the 32nd of January is the first of February.
---@param year integer
---@param month integer
---@param day integer
---@param hour? integer
---@param minute? integer
---@param second? integer
---@param nanosecond? integer
---@param location? troupe.Location UTC where it is left out
---@return troupe.Time time
function time.date(year, month, day, hour, minute, second, nanosecond, location) end

---The time of unix seconds; without arguments the present as unix seconds.
---@param seconds number
---@param nanoseconds? integer
---@overload fun(): number
---@return troupe.Time time
function time.unix(seconds, nanoseconds) end

---A text that names no zone is in the location. With one argument: RFC 3339.
---@param layout string
---@param text string
---@param location? troupe.Location UTC where it is left out
---@overload fun(text: string): troupe.Time?, troupe.Error?
---@return troupe.Time? time
---@return troupe.Error? err INVALID
function time.parse(layout, text, location) end

---@param moment? troupe.Time|number a time, or unix seconds; the present time where it is left out
---@param layout? string RFC 3339 where it is left out
---@param location? troupe.Location that of the time, else UTC
---@return string? text
---@return troupe.Error? err INVALID
function time.format(moment, layout, location) end

---@param duration troupe.DurationLike
---@return troupe.Duration? duration
---@return troupe.Error? err INVALID
function time.parse_duration(duration) end

---@param name string an IANA name, such as "Europe/Berlin"
---@return troupe.Location? location
---@return troupe.Error? err NOT_FOUND
function time.load_location(name) end

---@param name string
---@param offset integer seconds east of Greenwich
---@return troupe.Location location
function time.fixed_zone(name, offset) end

---A channel that gives the time once.
---@param duration troupe.DurationLike
---@return troupe.Timer? channel
---@return troupe.Error? err INVALID
function time.after(duration) end

---The same, to be stopped or reset.
---@param duration troupe.DurationLike
---@return troupe.Timer? channel
---@return troupe.Error? err INVALID
function time.timer(duration) end

---A channel that gives the time again and again; ticks that nobody takes in time are left out.
---@param duration troupe.DurationLike
---@return troupe.Timer? channel
---@return troupe.Error? err INVALID
function time.ticker(duration) end

---@class troupe.Timer: troupe.Channel
---@field receive fun(self: troupe.Timer): troupe.Time?, boolean

---A moment, seen from a location. With numbers it does as its nanoseconds since 1970, which it also is in a message.
---@class troupe.Time
---@operator add(troupe.DurationLike): troupe.Time
---@operator sub(troupe.Time): troupe.Duration
---@operator sub(troupe.DurationLike): troupe.Time
---@operator mul(number): number
---@operator div(number): number
---@operator idiv(number): number
---@operator mod(number): number
---@operator pow(number): number
---@operator concat(any): string
local Time = {}

---@param duration troupe.DurationLike
---@return troupe.Time time
function Time:add(duration) end

---@param years? integer
---@param months? integer
---@param days? integer
---@return troupe.Time time
function Time:add_date(years, months, days) end

---@param time troupe.Time|number
---@return troupe.Duration duration
function Time:sub(time) end

---@param time troupe.Time|number
---@return boolean after
function Time:after(time) end

---@param time troupe.Time|number
---@return boolean before
function Time:before(time) end

---@param time troupe.Time|number
---@return boolean equal
function Time:equal(time) end

---To a multiple of the duration since the year 1.
---@param duration troupe.DurationLike
---@return troupe.Time time
function Time:round(duration) end

---@param duration troupe.DurationLike
---@return troupe.Time time
function Time:truncate(duration) end

---@return integer seconds since 1970
function Time:unix() end

---@return integer nanoseconds since 1970
function Time:unix_nano() end

---@return integer year
---@return integer month
---@return integer day
function Time:date() end

---@return integer hour
---@return integer minute
---@return integer second
function Time:clock() end

---@return integer year
function Time:year() end

---@return integer month
function Time:month() end

---@return integer day
function Time:day() end

---@return integer hour
function Time:hour() end

---@return integer minute
function Time:minute() end

---@return integer second
function Time:second() end

---@return integer nanosecond
function Time:nanosecond() end

---@return integer weekday 0 is Sunday
function Time:weekday() end

---@return integer day 1 is the first of January
function Time:year_day() end

---@return boolean zero whether it is the first moment of the year 1
function Time:is_zero() end

---@param layout string
---@return string text
function Time:format(layout) end

---@return string text
function Time:format_rfc3339() end

---The same moment in UTC.
---@return troupe.Time time
function Time:utc() end

---The same moment in `time.localtz`.
---@return troupe.Time time
function Time:in_local() end

---@param location troupe.Location
---@return troupe.Time time
function Time:in_location(location) end

---@return troupe.Location location
function Time:location() end

---A length of time. With numbers it does as its nanoseconds, which it also is in a message.
---@class troupe.Duration
---@operator add(troupe.Time): troupe.Time
---@operator add(troupe.DurationLike): troupe.Duration
---@operator sub(troupe.DurationLike): troupe.Duration
---@operator mul(number): number
---@operator div(number|troupe.Duration): number
---@operator idiv(number|troupe.Duration): number
---@operator mod(number|troupe.Duration): number
---@operator pow(number): number
---@operator unm: troupe.Duration
---@operator concat(any): string
local Duration = {}

---@return integer nanoseconds
function Duration:nanoseconds() end

---@return number microseconds
function Duration:microseconds() end

---@return number milliseconds
function Duration:milliseconds() end

---@return number seconds
function Duration:seconds() end

---@return number minutes
function Duration:minutes() end

---@return number hours
function Duration:hours() end

---@class troupe.Location
local Location = {}

---@return string name
function Location:string() end

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Nanoseconds since some moment, a 64-bit integer that never goes back, whatever is done to the clock
---@return integer nanoseconds
function time.monotonic() end

---Wait for a duration: nanoseconds or a text such as "5ms"
---
---Waits: this path stops, the others of the process go on.
---@param duration troupe.DurationLike
---@return nil
---@return troupe.Error? err
function time.sleep(duration) end

return time
