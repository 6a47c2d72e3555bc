"""The worker: takes training jobs from the queue, computes each in a child process, and stands in for lost workers."""
