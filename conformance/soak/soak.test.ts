import t from 'tap';
import { countsOf } from './metrics.ts';

t.test('the counts of a server are read off its metrics', async (t) => {
  const text = [
    '# HELP apiserver_request_total x',
    'apiserver_request_total{verb="LIST",group="",resource="pods",code="200"} 3',
    'apiserver_request_total{verb="WATCH",resource="pods",code="200"} 4',
    'apiserver_request_total{verb="WATCH",resource="pods",code="410"} 1',
    'apiserver_request_total{verb="PUT",resource="pods",code="503"} 2',
    'apiserver_watch_list_duration_seconds_count{resource="pods"} 5',
    'apiserver_watch_list_duration_seconds_sum{resource="pods"} 0.1',
  ];
  t.strictSame(countsOf(text.join('\n')), { relists: 8, gone: 1, failures: 2, requests: 10, watches: 5 });
});
