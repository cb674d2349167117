import { test } from 'tap';
import { CronError, type CronFields, isTimeZone, parseCronSchedule } from './cron.ts';
import { nextCronTime } from './cron-next.ts';

function fields(text: string): CronFields {
  const schedule = parseCronSchedule(text);
  if ('everyMs' in schedule) throw new Error('an interval');
  return schedule;
}

void test('ranges, steps, lists and names give the values of a field', async (t) => {
  const schedule = fields('1-5/2,10 */6 ? JAN-mar sun,6');
  t.strictSame([...schedule.minutes], [1, 3, 5, 10]);
  t.strictSame([...schedule.hours], [0, 6, 12, 18]);
  t.strictSame([...schedule.months], [1, 2, 3]);
  t.strictSame([...schedule.daysOfWeek], [0, 6]);
  t.ok(schedule.daysOfMonthStar);
  t.notOk(schedule.daysOfWeekStar);
});

void test('a number with a step runs to the end of the field', async (t) => {
  t.strictSame([...fields('50/5 * * * *').minutes], [50, 55]);
});

void test('a star with a step is no star', async (t) => {
  t.notOk(fields('* * */2 * *').daysOfMonthStar);
});

void test('descriptors stand for schedules or intervals', async (t) => {
  t.strictSame([...fields('@daily').hours], [0]);
  t.strictSame(parseCronSchedule('@every 1h30m'), { everyMs: 5_400_000 });
  t.strictSame(parseCronSchedule('@every 10ms'), { everyMs: 1000 });
});

void test('a time zone may stand in front', async (t) => {
  t.equal(fields('CRON_TZ=Asia/Tokyo 0 5 * * *').timeZone, 'Asia/Tokyo');
});

void test('mistakes are named as the usual cron library names them', async (t) => {
  const mistakes: Readonly<Record<string, string>> = {
    '* * * *': 'expected exactly 5 fields, found 4: [* * * *]',
    '60 * * * *': 'end of range (60) above maximum (59): 60',
    '* * 0 * *': 'beginning of range (0) below minimum (1): 0',
    '5-1 * * * *': 'beginning of range (5) beyond end of range (1): 5-1',
    '*/0 * * * *': 'step of range should be a positive number: */0',
    '* * * foo *': 'failed to parse int from foo: strconv.Atoi: parsing "foo": invalid syntax',
    '@foo': 'unrecognized descriptor: @foo',
    '@every 1q': 'failed to parse duration @every 1q: time: unknown unit "q" in duration "1q"',
  };
  for (const [text, message] of Object.entries(mistakes))
    t.throws(() => parseCronSchedule(text), new CronError(message), text);
});

void test('time zones go by their exact names', async (t) => {
  for (const name of ['UTC', 'Europe/Berlin', 'US/Pacific', 'EST5EDT']) t.ok(isTimeZone(name), name);
  for (const name of ['europe/berlin', 'Foo/Bar', '+01:00', '']) t.notOk(isTimeZone(name), name);
});

function next(schedule: string, after: string, timeZone?: string): string | undefined {
  const found = nextCronTime(parseCronSchedule(schedule), Date.parse(after), timeZone);
  return found === undefined ? undefined : new Date(found).toISOString().replace('.000Z', 'Z');
}

void test('the next time is later, and the first that matches', async (t) => {
  t.equal(next('* * * * *', '2026-01-01T00:00:00Z'), '2026-01-01T00:01:00Z');
  t.equal(next('*/15 * * * *', '2026-01-01T23:50:30Z'), '2026-01-02T00:00:00Z');
  t.equal(next('30 3 1 feb *', '2026-03-01T00:00:00Z'), '2027-02-01T03:30:00Z');
  t.equal(next('0 0 29 2 *', '2026-01-01T00:00:00Z'), '2028-02-29T00:00:00Z');
  t.equal(next('@every 90s', '2026-01-01T00:00:00.500Z'), '2026-01-01T00:01:30Z');
  t.equal(next('0 0 30 2 *', '2026-01-01T00:00:00Z'), undefined);
});

void test('days of month and week are alternatives unless one is a star', async (t) => {
  t.equal(next('0 0 13 * 5', '2026-01-01T00:00:00Z'), '2026-01-02T00:00:00Z');
  t.equal(next('0 0 13 * *', '2026-01-01T00:00:00Z'), '2026-01-13T00:00:00Z');
  t.equal(next('0 0 * * 1', '2026-01-01T00:00:00Z'), '2026-01-05T00:00:00Z');
});

void test('a schedule follows the clocks of its time zone', async (t) => {
  t.equal(next('30 2 * * *', '2026-01-01T12:00:00Z', 'America/New_York'), '2026-01-02T07:30:00Z');
  t.equal(next('30 2 * * *', '2026-03-08T00:00:00Z', 'America/New_York'), '2026-03-09T06:30:00Z', 'skipped in spring');
  t.equal(next('30 1 * * *', '2026-11-01T05:30:00Z', 'America/New_York'), '2026-11-01T06:30:00Z', 'repeated in autumn');
  t.equal(next('CRON_TZ=Asia/Tokyo 0 5 * * *', '2026-01-01T00:00:00Z', 'Europe/Berlin'), '2026-01-01T20:00:00Z');
  t.equal(next('0 0 * * *', '2026-06-01T00:00:00Z', 'Asia/Kolkata'), '2026-06-01T18:30:00Z');
});
