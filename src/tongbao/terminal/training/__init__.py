"""Training mode 训练模式: a parallel world in the terminal that reaches nothing of the live one."""
