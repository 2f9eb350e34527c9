typedef struct Building {
    char *name;
    int type;
} Building;
