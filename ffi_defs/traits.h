typedef struct Traits {
    int placeholder;
} Traits;
