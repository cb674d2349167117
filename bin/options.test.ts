import t from 'tap';
import { parseDuration, parseStartOptions, runsController, servesGroupVersion, UsageError } from './options.ts';

function isMistake(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return error instanceof UsageError;
  }
}

t.test(
  'flags take their value behind a space or an equals sign; of one given twice the last wins, lists are joined',
  async (t) => {
    t.match(parseStartOptions([]), {
      dataDir: '.kubefacade',
      storage: 'leveldb',
      securePort: 6443,
      bindAddress: '127.0.0.1',
    });
    t.equal(parseStartOptions(['--secure-port', '1', '--secure-port=2']).securePort, 2);
    t.same(
      parseStartOptions(['--service-account-key-file=a,b', '--service-account-key-file', 'c']).serviceAccountKeyFiles,
      ['a', 'b', 'c'],
    );
    t.same(parseStartOptions(['--runtime-config', 'api/all=true', '--runtime-config=apps/v1=false']).runtimeConfig, {
      'api/all': 'true',
      'apps/v1': 'false',
    });
  },
);

t.test('what cannot be understood is a mistake of use', async (t) => {
  const wrong = [
    ['--nosuch'],
    ['x'],
    ['--secure-port', '-1'],
    ['--time-factor', '0'],
    ['--time-factor=fast'],
    ['--secure-port=1.5'],
    ['--secure-port'],
    ['--storage', 'x'],
    ['--event-ttl', '5'],
    ['--runtime-config', 'a=b'],
    ['--service-node-port-range', '5-1'],
    ['--tls-cert-file', 'x'],
    ['--min-request-timeout', 'x'],
  ];
  for (const args of wrong)
    t.ok(
      isMistake(() => parseStartOptions(args)),
      args.join(' '),
    );
});

t.test('flags that mean nothing here warn, those that protect are refused when unknown', async (t) => {
  t.match(parseStartOptions(['--profiling', 'false']).warnings, [/^--profiling /]);
  t.ok(isMistake(() => parseStartOptions(['--encryption-provider-config', 'f'])));
});

t.test('durations are Go’s', async (t) => {
  for (const [text, ms] of [
    ['300ms', 300],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['0.5s', 500],
  ] as const)
    t.equal(parseDuration('x', text), ms);
  for (const text of ['', '5', 's', '5x', '5s x'])
    t.ok(
      isMistake(() => parseDuration('x', text)),
      text,
    );
});

t.test('the most specific key of the runtime config wins', async (t) => {
  const beta = { group: 'storage.k8s.io', version: 'v1beta1', enabled: false };
  t.equal(servesGroupVersion({}, beta), false);
  t.equal(servesGroupVersion({ 'api/beta': 'true' }, beta), true);
  t.equal(servesGroupVersion({ 'api/all': 'true', 'storage.k8s.io/v1beta1': 'false' }, beta), false);
  t.equal(servesGroupVersion({ 'api/ga': 'false' }, { group: 'apps', version: 'v1', enabled: true }), false);
});

t.test('controllers are chosen by name, all by a star', async (t) => {
  t.same(
    [['*'], ['-*'], ['*', '-gc'], ['gc', '-*'], ['other']].map((list) => runsController(list, 'gc')),
    [true, false, false, true, false],
  );
});
