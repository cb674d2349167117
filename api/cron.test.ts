import { test } from 'tap';
import { CronError, type CronFields, isTimeZone, parseCronSchedule } from './cron.ts';

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
