#include "cmd/cmd.h"

#include "cmd/python_script.h"

int cmd_report(int argc, char **argv, struct lb_err *err)
{
	return script_become("aggregate.py", argc, argv, err);
}

int cmd_best(int argc, char **argv, struct lb_err *err)
{
	return script_become("best.py", argc, argv, err);
}

int cmd_plot(int argc, char **argv, struct lb_err *err)
{
	return script_become("plot.py", argc, argv, err);
}

int cmd_compare(int argc, char **argv, struct lb_err *err)
{
	return script_become("compare.py", argc, argv, err);
}
