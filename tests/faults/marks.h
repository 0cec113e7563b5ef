/* What a host tells the tracer: a system call that does nothing, seen between all others. */
#ifndef FAULTS_MARKS_H
#define FAULTS_MARKS_H

#define FAULTS_MARK 0x65636f61 /* prctl(FAULTS_MARK, which, ...) */
#define FAULTS_MARK_BEGIN 1    /* system calls count from here ... */
#define FAULTS_MARK_END 2      /* ... to here */
#define FAULTS_MARK_SAVED 3    /* the host's own store has made a record durable */

#endif
