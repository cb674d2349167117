import { offsetText, type TimeZone, utc } from './time-zone.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const dayMs = 86_400_000;

/** As `strftime` writes a time. */
export function dateText(format: string, ms: number, zone: TimeZone = utc): string {
  return format.replaceAll(/%([-_0^]?)(\d*)([a-zA-Z%]|:z)/g, (whole, flag: string, width: string, key: string) => {
    const text = partOf(key, ms, zone);
    if (text === undefined) return whole;
    if (key === 'N' && width !== '') return text.slice(0, Number(width));
    if (flag === '-') return text.replace(/^[0 ]+(?=.)/, '');
    if (flag === '_') return text.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length));
    return flag === '^' ? text.toUpperCase() : text;
  });
}

function two(value: number, filler = '0'): string {
  return String(value).padStart(2, filler);
}

function partOf(key: string, utcMs: number, zone: TimeZone): string | undefined {
  const ms = utcMs + zone.offsetMs(utcMs);
  const date = new Date(ms);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const [hour, minute, second, weekday] = [
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    date.getUTCDay(),
  ];
  const hour12 = hour % 12 === 0 ? 12 : hour % 12;
  switch (key) {
    case '%':
      return '%';
    case 'a':
      return days[weekday]?.slice(0, 3);
    case 'A':
      return days[weekday];
    case 'b':
    case 'h':
      return months[month]?.slice(0, 3);
    case 'B':
      return months[month];
    case 'C':
      return two(Math.floor(year / 100));
    case 'd':
      return two(day);
    case 'e':
      return two(day, ' ');
    case 'H':
      return two(hour);
    case 'I':
      return two(hour12);
    case 'k':
      return two(hour, ' ');
    case 'l':
      return two(hour12, ' ');
    case 'j':
      return String(dayOfYear(ms) + 1).padStart(3, '0');
    case 'm':
      return two(month + 1);
    case 'M':
      return two(minute);
    case 'n':
      return '\n';
    case 'N':
      return `${String(Math.floor(ms % 1000)).padStart(3, '0')}000000`;
    case 'p':
      return hour < 12 ? 'AM' : 'PM';
    case 'P':
      return hour < 12 ? 'am' : 'pm';
    case 's':
      return String(Math.floor(utcMs / 1000));
    case 'S':
      return two(second);
    case 't':
      return '\t';
    case 'u':
      return String(weekday === 0 ? 7 : weekday);
    case 'U':
      return two(Math.floor((dayOfYear(ms) + 7 - weekday) / 7));
    case 'V':
      return two(isoWeek(ms).week);
    case 'G':
      return String(isoWeek(ms).year);
    case 'w':
      return String(weekday);
    case 'W':
      return two(Math.floor((dayOfYear(ms) + 7 - ((weekday + 6) % 7)) / 7));
    case 'y':
      return two(year % 100);
    case 'Y':
      return String(year);
    case 'z':
      return offsetText(ms - utcMs);
    case ':z':
      return offsetText(ms - utcMs, ':');
    case 'Z':
      return zone.name(utcMs);
    default: {
      const composed = compositions[key];
      return composed === undefined ? undefined : dateText(composed, utcMs, zone);
    }
  }
}

const compositions: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};

function dayOfYear(ms: number): number {
  return Math.floor((ms - Date.UTC(new Date(ms).getUTCFullYear(), 0, 1)) / dayMs);
}

function isoWeek(ms: number): { readonly year: number; readonly week: number } {
  const weekday = (new Date(ms).getUTCDay() + 6) % 7;
  // The week belongs to the year of its Thursday.
  const thursday = ms + (3 - weekday) * dayMs;
  return { year: new Date(thursday).getUTCFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 };
}
