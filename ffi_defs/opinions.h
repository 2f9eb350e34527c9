typedef struct Opinions {
    int placeholder;
} Opinions;
