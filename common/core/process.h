#ifndef COMMON_CORE_PROCESS_H
#define COMMON_CORE_PROCESS_H

/* A core would hold keys and personal data: from here on this process leaves none. */
void process_leave_no_core(void);

/*
 * Nor may others of the same user look into its memory. It can't open its own /proc/self/fd any
 * more, so this comes after the settings. Test builds stay open: the fault tests look there.
 */
void process_close(void);

#endif
