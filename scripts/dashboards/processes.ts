import type { DashboardSpec } from './build-dashboard.ts';
import { perSecond, quantile, share } from './promql.ts';

const ofQueue = 'task_queue=~"$task_queue"';

/** The workers, what they ask of Temporal and of the store, and the processes themselves. */
export const processes: DashboardSpec = {
  uid: 'landfall-processes',
  title: 'Landfall: workers, Temporal and store',
  description: 'Whether the machinery keeps up. docs/scaling.md says what breaks first.',
  variables: { task_queue: { label: 'Task queue', metric: 'temporal_num_pollers' } },
  rows: [
    {
      title: 'Workers',
      graphs: [
        {
          title: 'Wait for a worker, p95',
          about:
            'From a task being ready to a worker taking it. It grows first where there are too few workers.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'temporal_workflow_task_schedule_to_start_latency_seconds', ofQueue, [
                'task_queue',
              ]),
              legend: '{{task_queue}} workflow tasks',
            },
            {
              expr: quantile(0.95, 'temporal_activity_schedule_to_start_latency_seconds', ofQueue, [
                'task_queue',
              ]),
              legend: '{{task_queue}} activities',
            },
          ],
        },
        {
          title: 'Slots in use',
          about:
            'The share of slots that is taken. At 1 the worker takes no more: add workers, or look for what is slow.',
          unit: 'percentunit',
          queries: [
            {
              expr: share(
                `sum by (worker_type) (temporal_worker_task_slots_used{${ofQueue}})`,
                `sum by (worker_type) (temporal_worker_task_slots_used{${ofQueue}} + temporal_worker_task_slots_available{${ofQueue}})`,
              ),
              legend: '{{worker_type}}',
            },
          ],
        },
        {
          title: 'Workflow tasks, p95',
          about:
            'How long one takes in the worker, the first attempt of an event included. Temporal gives up after 10 seconds.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'temporal_workflow_task_execution_latency_seconds', ofQueue, [
                'workflow_type',
              ]),
              legend: '{{workflow_type}}',
            },
          ],
        },
        {
          title: 'Failed workflow tasks',
          about: 'They are tried for ever. A non-deterministic one is a deployment that is to be taken back.',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (workflow_type, failure_reason) (${perSecond('temporal_workflow_task_execution_failed_total', ofQueue)})`,
              legend: '{{workflow_type}} {{failure_reason}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Workflows and activities',
      graphs: [
        {
          title: 'Ended workflows',
          about: 'A processEvent that failed has a dead letter.',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (workflow_type) (${perSecond('temporal_workflow_completed_total', ofQueue)})`,
              legend: '{{workflow_type}} completed',
            },
            {
              expr: `sum by (workflow_type) (${perSecond('temporal_workflow_failed_total', ofQueue)})`,
              legend: '{{workflow_type}} failed',
            },
          ],
        },
        {
          title: 'Whole workflows',
          about:
            'processEvent: from the start of an event to its being handed on, retries and holds included.',
          unit: 's',
          queries: [0.5, 0.95].map((part) => ({
            expr: quantile(
              part,
              'temporal_workflow_endtoend_latency_seconds',
              `${ofQueue}, workflow_type="processEvent"`,
            ),
            legend: `p${part * 100}`,
          })),
        },
        {
          title: 'First attempts, p95',
          about:
            'The local activity that nearly every event ends with, and the question whether a failure is held.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'temporal_local_activity_execution_latency_seconds', ofQueue, [
                'activity_type',
              ]),
              legend: '{{activity_type}}',
            },
          ],
        },
        {
          title: 'Activities, p95',
          about: 'What was not done at the first attempt, reconciliations, dead letters.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'temporal_activity_execution_latency_seconds', ofQueue, ['activity_type']),
              legend: '{{activity_type}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Temporal',
      graphs: [
        {
          title: 'Requests of workers',
          about: 'Polls apart. The receivers talk to Temporal by another client, which is not in here.',
          unit: 'reqps',
          kind: 'stacked',
          queries: [
            {
              expr: `sum by (operation) (${perSecond('temporal_request_total')})`,
              legend: '{{operation}}',
            },
          ],
        },
        {
          title: 'Requests of workers, p95',
          about: 'How quickly Temporal answers.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'temporal_request_latency_seconds', '', ['operation']),
              legend: '{{operation}}',
            },
          ],
        },
        {
          title: 'Failed requests of workers',
          about: 'RESOURCE_EXHAUSTED: a limit of the namespace. UNAVAILABLE: the server is away.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (operation, status_code) (${perSecond('temporal_request_failure_total')})`,
              legend: '{{operation}} {{status_code}}',
            },
          ],
        },
        {
          title: 'Cache of workflows',
          about: 'Workflows in memory, and those that had to be replayed because they were not.',
          unit: 'short',
          queries: [
            { expr: `sum(temporal_sticky_cache_size{${ofQueue}})`, legend: 'in memory' },
            {
              expr: `sum(${perSecond('temporal_sticky_cache_miss_total', ofQueue)})`,
              legend: 'replayed, a second',
            },
          ],
        },
      ],
    },
    {
      title: 'Store',
      graphs: [
        {
          title: 'Operations',
          about: 'What is asked of PostgreSQL.',
          unit: 'ops',
          kind: 'stacked',
          queries: [
            {
              expr: `sum by (operation) (${perSecond('landfall_store_duration_seconds_count')})`,
              legend: '{{operation}}',
            },
          ],
        },
        {
          title: 'Operations, p95',
          about: 'The wait for a connection included.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'landfall_store_duration_seconds', '', ['operation']),
              legend: '{{operation}}',
            },
          ],
        },
        {
          title: 'Connections',
          about: 'While queries wait for one, raise LANDFALL_STORE_POOL_SIZE or look for what is slow.',
          unit: 'short',
          queries: [
            { expr: 'sum by (state) (landfall_store_connections)', legend: '{{state}}' },
            { expr: 'sum(landfall_store_waiting)', legend: 'queries that wait' },
          ],
        },
        {
          title: 'Errors',
          about: 'LANDFALL_STORE_UNAVAILABLE is waited out; LANDFALL_STORE_REFUSED is a defect.',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (operation, code) (${perSecond('landfall_store_errors_total')})`,
              legend: '{{operation}} {{code}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Processes',
      graphs: [
        {
          title: 'Up',
          about: 'Processes that Prometheus reads.',
          unit: 'short',
          queries: [{ expr: 'sum by (job) (up{job=~"landfall-.*"})', legend: '{{job}}' }],
        },
        {
          title: 'CPU',
          about: 'Cores in use, of each process.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (job, instance) (${perSecond('process_cpu_seconds_total', 'job=~"landfall-.*"')})`,
              legend: '{{job}} {{instance}}',
            },
          ],
        },
        {
          title: 'Memory',
          about: 'Resident, of each process.',
          unit: 'bytes',
          queries: [
            {
              expr: 'process_resident_memory_bytes{job=~"landfall-.*"}',
              legend: '{{job}} {{instance}}',
            },
          ],
        },
        {
          title: 'Event loop, p99',
          about: 'How late timers run: above 0.1 s the process has more to do than its core can.',
          unit: 's',
          queries: [
            { expr: 'nodejs_eventloop_lag_p99_seconds{job=~"landfall-.*"}', legend: '{{job}} {{instance}}' },
          ],
        },
      ],
    },
  ],
};
