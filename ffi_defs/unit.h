typedef struct Unit {
    char *name;
    int hp[2];
    int stats[7];
    Item *gear[20];
    int gear_count[20];
    int last_item;
    int armour_bonus;
    Traits traits;
    Emotions emotions;
    Opinions opinions;
    int alignment;
    struct Unit *followers_array;
    Building *buildings_array;
} Unit;
