import { labelSelectorMatcher } from '../../../api/selectors.ts';
import type { Informer } from '../../client/informer.ts';
import type { Pod } from '../pod-state.ts';
import { isJobFinished, type Job } from './job.ts';

/** Jobs that may want to adopt a pod nobody controls. */
export function matchingJobs(jobs: Informer<Job>, { metadata }: Pod): Job[] {
  const labels = metadata?.labels;
  if (labels === undefined) return [];
  return jobs
    .list(metadata?.namespace)
    .filter((job) => !isJobFinished(job) && labelSelectorMatcher(job.spec?.selector).matches(labels));
}
