/** What clocks show somewhere. */
export interface TimeZone {
  /** What is added to UTC at a time. */
  offsetMs(ms: number): number;
  /** As `%Z` writes it. */
  name(ms: number): string;
}

export const utc: TimeZone = { offsetMs: () => 0, name: () => 'UTC' };

/** Abbreviations that no locale of ours knows. */
const abbreviations: Readonly<Record<string, string>> = {
  'Asia/Tokyo': 'JST',
  'Asia/Seoul': 'KST',
  'Asia/Shanghai': 'CST',
  'Asia/Taipei': 'CST',
  'Asia/Hong_Kong': 'HKT',
  'Asia/Kolkata': 'IST',
  'Asia/Calcutta': 'IST',
  'Asia/Manila': 'PST',
  'Asia/Karachi': 'PKT',
  'Asia/Jakarta': 'WIB',
  'Europe/Moscow': 'MSK',
  'Africa/Johannesburg': 'SAST',
  'Africa/Lagos': 'WAT',
  'Africa/Nairobi': 'EAT',
};
const localeByArea: Readonly<Record<string, string>> = { Europe: 'en-GB', Australia: 'en-AU', Africa: 'en-GB' };

/** The zone of TZ: a place, or a name with an offset as POSIX has it. What is neither is UTC, by its name. */
export function timeZoneOf(text: string | undefined): TimeZone {
  const wanted = (text ?? '').replace(/^:/, '');
  if (wanted === '' || /^(UTC|GMT|Etc\/UTC|UTC0|UCT|Z)$/.test(wanted)) return utc;
  const posix = /^(?:<([-+\w]+)>|([A-Za-z]{3,}))([-+]?\d{1,2})(?::(\d{2}))?$/.exec(wanted);
  if (posix !== null) {
    const [, quoted, plain = '', hours = '0', minutes = '0'] = posix;
    const sign = hours.startsWith('-') ? -1 : 1;
    const west = Number(hours) * 3_600_000 + sign * Number(minutes) * 60_000;
    return { offsetMs: () => -west, name: () => quoted ?? plain };
  }
  try {
    return placeZone(wanted);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { offsetMs: () => 0, name: () => /^[A-Za-z]{3,}/.exec(wanted)?.[0] ?? 'UTC' };
  }
}

/** Throws RangeError: there is no such place. */
function placeZone(timeZone: string): TimeZone {
  const locale = localeByArea[timeZone.split('/')[0] ?? ''] ?? 'en-US';
  const offset = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const short = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' });
  const part = (format: Intl.DateTimeFormat, ms: number): string =>
    format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return {
    offsetMs: (ms) => {
      const [, sign, hours = '0', minutes = '0', seconds = '0'] =
        /GMT([-+])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(part(offset, ms)) ?? [];
      const size = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000;
      return sign === '-' ? -size : size;
    },
    name: (ms) => {
      const known = abbreviations[timeZone] ?? part(short, ms);
      const [, sign, hours = '', minutes = ''] = /^(?:GMT|UTC)([-+])(\d{1,2})(?::(\d{2}))?$/.exec(known) ?? [];
      return sign === undefined ? known : `${sign}${hours.padStart(2, '0')}${minutes}`;
    },
  };
}

/** The time at which clocks there show what clocks in UTC show at `wallMs`. */
export function fromWall(wallMs: number, zone: TimeZone): number {
  const first = wallMs - zone.offsetMs(wallMs);
  return wallMs - zone.offsetMs(first);
}

/** `+0100`, or with a colon. */
export function offsetText(offsetMs: number, colon = ''): string {
  const minutes = Math.abs(Math.trunc(offsetMs / 60_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
}
