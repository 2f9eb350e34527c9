typedef struct Emotions {
    int placeholder;
} Emotions;
