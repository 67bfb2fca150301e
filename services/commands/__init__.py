"""Commands of the program that belong to no one service; more of them stand beside this folder."""
