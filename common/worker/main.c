/* The program of every worker: its service decides what it is. */
#include "common/worker/worker.h"

extern const struct service service;

int main(int argc, char **argv)
{
    return worker_main(&service, argc, argv);
}
