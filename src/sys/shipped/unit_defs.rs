#[repr(C)]
#[derive(Copy, Clone)]
pub struct Item {
    pub name: *mut ::std::os::raw::c_char,
    pub damage: ::std::os::raw::c_int,
    pub armor_bonus: ::std::os::raw::c_int,
    pub weight: ::std::os::raw::c_int,
    pub value: ::std::os::raw::c_int,
    pub description: *mut ::std::os::raw::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of Item"][::std::mem::size_of::<Item>() - 32usize];
    ["Alignment of Item"][::std::mem::align_of::<Item>() - 8usize];
    ["Offset of field: Item::name"][::std::mem::offset_of!(Item, name) - 0usize];
    ["Offset of field: Item::damage"][::std::mem::offset_of!(Item, damage) - 8usize];
    [
        "Offset of field: Item::armor_bonus",
    ][::std::mem::offset_of!(Item, armor_bonus) - 12usize];
    ["Offset of field: Item::weight"][::std::mem::offset_of!(Item, weight) - 16usize];
    ["Offset of field: Item::value"][::std::mem::offset_of!(Item, value) - 20usize];
    [
        "Offset of field: Item::description",
    ][::std::mem::offset_of!(Item, description) - 24usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct Traits {
    pub placeholder: ::std::os::raw::c_int,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of Traits"][::std::mem::size_of::<Traits>() - 4usize];
    ["Alignment of Traits"][::std::mem::align_of::<Traits>() - 4usize];
    [
        "Offset of field: Traits::placeholder",
    ][::std::mem::offset_of!(Traits, placeholder) - 0usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct Emotions {
    pub placeholder: ::std::os::raw::c_int,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of Emotions"][::std::mem::size_of::<Emotions>() - 4usize];
    ["Alignment of Emotions"][::std::mem::align_of::<Emotions>() - 4usize];
    [
        "Offset of field: Emotions::placeholder",
    ][::std::mem::offset_of!(Emotions, placeholder) - 0usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct Opinions {
    pub placeholder: ::std::os::raw::c_int,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of Opinions"][::std::mem::size_of::<Opinions>() - 4usize];
    ["Alignment of Opinions"][::std::mem::align_of::<Opinions>() - 4usize];
    [
        "Offset of field: Opinions::placeholder",
    ][::std::mem::offset_of!(Opinions, placeholder) - 0usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct Building {
    pub name: *mut ::std::os::raw::c_char,
    pub type_: ::std::os::raw::c_int,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of Building"][::std::mem::size_of::<Building>() - 16usize];
    ["Alignment of Building"][::std::mem::align_of::<Building>() - 8usize];
    ["Offset of field: Building::name"][::std::mem::offset_of!(Building, name) - 0usize];
    [
        "Offset of field: Building::type_",
    ][::std::mem::offset_of!(Building, type_) - 8usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct Unit {
    pub name: *mut ::std::os::raw::c_char,
    pub hp: [::std::os::raw::c_int; 2usize],
    pub stats: [::std::os::raw::c_int; 7usize],
    pub gear: [*mut Item; 20usize],
    pub gear_count: [::std::os::raw::c_int; 20usize],
    pub last_item: ::std::os::raw::c_int,
    pub armour_bonus: ::std::os::raw::c_int,
    pub traits: Traits,
    pub emotions: Emotions,
    pub opinions: Opinions,
    pub alignment: ::std::os::raw::c_int,
    pub followers_array: *mut Unit,
    pub buildings_array: *mut Building,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of Unit"][::std::mem::size_of::<Unit>() - 328usize];
    ["Alignment of Unit"][::std::mem::align_of::<Unit>() - 8usize];
    ["Offset of field: Unit::name"][::std::mem::offset_of!(Unit, name) - 0usize];
    ["Offset of field: Unit::hp"][::std::mem::offset_of!(Unit, hp) - 8usize];
    ["Offset of field: Unit::stats"][::std::mem::offset_of!(Unit, stats) - 16usize];
    ["Offset of field: Unit::gear"][::std::mem::offset_of!(Unit, gear) - 48usize];
    [
        "Offset of field: Unit::gear_count",
    ][::std::mem::offset_of!(Unit, gear_count) - 208usize];
    [
        "Offset of field: Unit::last_item",
    ][::std::mem::offset_of!(Unit, last_item) - 288usize];
    [
        "Offset of field: Unit::armour_bonus",
    ][::std::mem::offset_of!(Unit, armour_bonus) - 292usize];
    ["Offset of field: Unit::traits"][::std::mem::offset_of!(Unit, traits) - 296usize];
    [
        "Offset of field: Unit::emotions",
    ][::std::mem::offset_of!(Unit, emotions) - 300usize];
    [
        "Offset of field: Unit::opinions",
    ][::std::mem::offset_of!(Unit, opinions) - 304usize];
    [
        "Offset of field: Unit::alignment",
    ][::std::mem::offset_of!(Unit, alignment) - 308usize];
    [
        "Offset of field: Unit::followers_array",
    ][::std::mem::offset_of!(Unit, followers_array) - 312usize];
    [
        "Offset of field: Unit::buildings_array",
    ][::std::mem::offset_of!(Unit, buildings_array) - 320usize];
};
