//! `require`, answered by the host.
//!
//! Where scripts have no `package` library, this file is their `require`: a host function
//! that asks the host's loaders and keeps what modules return in a table that no script
//! sees. Where they have it, the host's loaders are searchers of it, asked after
//! `package.preload` and before the file system.

use std::sync::Arc;

use crate::error::{Error, MemoryError, Result};
use crate::lang::{Function, IntoLua, Table, Value};
use crate::vm::backend;
use crate::vm::libs::Libs;
use crate::vm::state::State;

/// What a loader answers; see [`State::add_loader`].
#[derive(Debug, Clone)]
pub enum Search {
    /// The module's chunk: called with the module's name, it returns the module.
    Found(Function),
    /// The module is not there. The text says where it was looked for; it may be empty.
    Missing(String),
}

impl From<Function> for Search {
    fn from(chunk: Function) -> Self {
        Self::Found(chunk)
    }
}

impl From<Option<Function>> for Search {
    fn from(chunk: Option<Function>) -> Self {
        chunk.map_or_else(|| Self::Missing(String::new()), Self::Found)
    }
}

/// What `require` knows of a VM without `package`, or where `package` knows it.
struct Modules {
    loaders: Arc<Vec<Function>>,
    loaded: Table,
    /// Modules that are being loaded, each required by the one before.
    loading: Vec<String>,
}

impl State {
    /// Lets `require` ask `loader` for modules by name, after the loaders that were added
    /// before. A module is loaded once: its chunk is called with its name, and what that
    /// returns, or `true`, is what every `require` of it gives.
    ///
    /// In a VM without the `package` library this brings `require`; with it, the loader is
    /// one of its searchers, asked after `package.preload`.
    ///
    /// ```
    /// use perilune::{Function, Lua, Result, State};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.add_loader(|state: &mut State, name: &str| -> Result<Option<Function>> {
    ///     let text = match name {
    ///         "rules" => "return { speed = require('units').speed * 2 }",
    ///         "units" => "return { speed = 21 }",
    ///         _ => return Ok(None),
    ///     };
    ///     state.load(text).name(name).into_function().map(Some)
    /// })?;
    /// assert_eq!(lua.load("return require('rules').speed").eval::<i32>()?, 42);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// A loader can say where it looked; `require` tells when no loader has the module.
    ///
    /// ```
    /// use perilune::{Lua, Result, Search, State};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.add_loader(|_: &mut State, name: &str| -> Result<Search> { Ok(Search::Missing(format!("no mod has '{name}'"))) })?;
    /// let error = lua.run("require 'rules'").unwrap_err();
    /// assert!(error.to_string().contains("no mod has 'rules'"));
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`]; [`Error::Type`] if a script has put something else in the place
    /// of `package` or its tables.
    pub fn add_loader<F, S>(&mut self, loader: F) -> Result<()>
    where
        F: Fn(&mut Self, &str) -> Result<S> + Send + 'static,
        S: Into<Search>,
    {
        if self.has_package() {
            let searcher = self.create_named("a searcher for modules", move |state: &mut Self, name: &str| -> Result<Value> {
                check_name(name)?;
                match loader(state, name)?.into() {
                    Search::Found(chunk) => Ok(Value::Function(chunk)),
                    Search::Missing(reason) if reason.is_empty() => Ok(Value::Nil),
                    Search::Missing(reason) => format!("{}{reason}", backend::SEARCHED).into_lua(state),
                }
            })?;
            return self.add_searcher(searcher);
        }
        let loader =
            self.create_named("a loader of modules", move |state: &mut Self, name: &str| -> Result<(Option<Function>, Option<String>)> {
                Ok(match loader(state, name)?.into() {
                    Search::Found(chunk) => (Some(chunk), None),
                    Search::Missing(reason) => (None, Some(reason)),
                })
            })?;
        let modules = self.modules()?;
        Arc::make_mut(&mut modules.loaders).push(loader);
        Ok(())
    }

    /// Gives `require` a module that the host has made, in place of one of this name that
    /// was loaded before.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// let rules = lua.create_table_from([("speed", 42)])?;
    /// lua.register_module("rules", rules)?;
    /// assert_eq!(lua.load("return require('rules').speed").eval::<i32>()?, 42);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Type`] for a name with control characters, and for nil;
    /// [`Error::Memory`].
    pub fn register_module(&mut self, name: &str, module: impl IntoLua) -> Result<()> {
        check_name(name)?;
        let module = module.into_lua(self)?;
        if module.is_nil() {
            return Err(Error::type_mismatch("a module other than nil", "nil"));
        }
        let loaded = if self.has_package() { self.get("package.loaded")? } else { self.modules()?.loaded.clone() };
        loaded.raw_set(self, name, module)
    }

    fn has_package(&self) -> bool {
        self.vm().libs.get().contains(Libs::PACKAGE)
    }

    /// Puts a searcher right after the one that looks into `package.preload`, and after
    /// those that were put there before.
    fn add_searcher(&mut self, searcher: Function) -> Result<()> {
        let searchers: Table = self.get(&format!("package.{}", backend::SEARCHERS))?;
        let ours = self.app_data::<Searchers>().map_or(0, |searchers| searchers.0);
        let place = (2 + ours).min(searchers.raw_len(self)? + 1);
        for at in (place..=searchers.raw_len(self)?).rev() {
            let later: Value = searchers.raw_get(self, at)?;
            searchers.raw_set(self, at + 1, later)?;
        }
        searchers.raw_set(self, place, searcher)?;
        self.set_app_data(Searchers(ours + 1));
        Ok(())
    }

    /// What `require` knows, which is brought where it is not there yet.
    fn modules(&mut self) -> Result<&mut Modules> {
        if self.app_data::<Modules>().is_none() {
            let loaded = self.create_table()?;
            self.register("require", require)?;
            self.set_app_data(Modules { loaders: Arc::default(), loaded, loading: Vec::new() });
        }
        self.app_data_mut().ok_or_else(|| MemoryError::new(0).into())
    }
}

/// How many searchers the host has added to `package`.
struct Searchers(usize);

/// The `require` of VMs without `package`.
fn require(state: &mut State, name: &str) -> Result<Value> {
    check_name(name)?;
    let loaded = state.modules()?.loaded.clone();
    let known: Value = loaded.raw_get(state, name)?;
    if !known.is_nil() {
        return Ok(known);
    }
    let Modules { loaders, loading, .. } = state.modules()?;
    if loading.iter().any(|other| other == name) {
        return Err(Error::runtime(format!(
            "module '{name}' requires itself: {} -> {name}; let one of them require the other later, in a function",
            loading.join(" -> ")
        )));
    }
    let loaders = Arc::clone(loaders);
    let chunk = find(state, &loaders, name)?;
    state.modules()?.loading.push(name.to_owned());
    let returned = chunk.call::<Value>(state, name);
    state.modules()?.loading.pop();
    keep(state, &loaded, name, returned?)
}

/// Asks the loaders for a module, one after the other.
fn find(state: &mut State, loaders: &[Function], name: &str) -> Result<Function> {
    let mut reasons = String::new();
    for loader in loaders {
        let (chunk, reason): (Option<Function>, Option<String>) = loader.call(state, name)?;
        if let Some(chunk) = chunk {
            return Ok(chunk);
        }
        if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
            reasons.push_str("\n\t");
            reasons.push_str(&reason);
        }
    }
    if reasons.is_empty() {
        reasons.push_str(" no loader has it");
    }
    Err(Error::runtime(format!("module '{name}' not found:{reasons}")))
}

/// Keeps what a module's chunk returned; nothing counts as `true`.
fn keep(state: &mut State, loaded: &Table, name: &str, returned: Value) -> Result<Value> {
    let module = if returned.is_nil() { loaded.raw_get(state, name)? } else { returned };
    let module = if module.is_nil() { Value::Boolean(true) } else { module };
    loaded.raw_set(state, name, &module)?;
    Ok(module)
}

/// An error unless the name can be one of a module, and be shown in messages.
fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Error::type_mismatch("a module's name without control characters", format!("{name:?}")));
    }
    Ok(())
}
