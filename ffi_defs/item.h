typedef struct Item {
    char *name;
    int damage;
    int armor_bonus;
    int weight;
    int value;
    char *description;
} Item;
